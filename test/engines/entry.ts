import type * as parts from "../../src/exports.ts";
import type { Losses } from "../backends.ts";
import { integer, type Random } from "../inputs.ts";
import type { Digest } from "./digest.ts";

/** Calls of one function, whose digest is compared between backends, engines and states of the project. */
export interface Entry {
  /** It seeds what is random: an entry depends on no other one. */
  readonly name: string;
  /** What it calls: functions of Losses or of the package. */
  readonly functions: readonly (keyof Losses | keyof typeof parts)[];
  run(losses: Losses, digest: Digest, random: Random): void | Promise<void>;
}

/** What `reduction` may be; undefined is its default. */
export const REDUCTIONS = [undefined, "mean", "sum", "none"] as const;

// Elements of the cases that an entry takes: all of them, or fewer where each case takes long.
export const ALL = Number.POSITIVE_INFINITY;
export const MANY = 20_000;
export const SOME = 4000;
export const FEW = 700;

export const pick = <T>(random: Random, list: readonly T[]): T => list[integer(random, list.length)];
