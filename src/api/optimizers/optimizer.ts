import { type Backend, NO_FLOATS } from "../../backends/backend.ts";
import { checkLength, checkNumber, checkOptions, checkSameDtype, kindOf, logitsOf } from "../../check.ts";
import type { OptimizerOption, UpdateArguments } from "../../descriptions/optimizers.ts";
import { BLOCK_ELEMENTS } from "../../descriptions/thresholds.ts";
import { dtypeOf, type FloatArray, floatArray, type HalfBits, type LogitsArray, type Matching } from "../../dtype.ts";
import type { Door } from "../door.ts";
import { checkAlike, checkHasElements, listOf, nameOf, writtenArrays } from "./arrays.ts";
import { decode, encode, type Held } from "./momentBytes.ts";
import type { Rule } from "./rules.ts";
import { Stretches } from "./stretches.ts";

/** The gradients of parameters: one array where they are one, a list where they are a list, each as long as its parameters. */
export type GradientsOf<P> = P extends FloatArray
  ? Matching<P>
  : P extends readonly FloatArray[]
    ? readonly LogitsArray[]
    : never;

/** Options of a step. */
export interface StepOptions {
  /** The learning rate of this step alone. */
  learningRate?: number | undefined;
}

/** Updates the parameters that it was made of. */
export interface Optimizer<P = FloatArray | readonly FloatArray[]> {
  /** Of the steps to come; 0 or more. */
  learningRate: number;

  /**
   * One step: updates the parameters in place. Each element depends on its own gradient alone: a NaN stays where it is.
   *
   * @param gradients of the loss by the parameters: an array where they are one, a list where they are a list; of float32
   * parameters also in half precision. They are not changed, and may not overlap the parameters.
   * @throws TypeError or RangeError of other arrays than parameters, before anything is written; TypeError where the optimizer,
   * or its engine, is closed. Error where a worker is lost while it updates (threads): some parameters are updated then, others not
   */
  step(gradients: GradientsOf<P>, options?: StepOptions): void;

  /**
   * What the optimizer remembers - moments, powers of the betas, learning rate, options; not the parameters - as canonical bytes with
   * a checksum: the same for every backend, number of threads and machine.
   */
  state(): Uint8Array;

  /**
   * Goes on where another one of the same options and shapes was when it gave its state: with the same parameters and gradients
   * the next steps have the same bits. The learning rate is that of the state.
   *
   * @throws TypeError of anything but bytes; RangeError of a state that is truncated, altered, or of another optimizer, other
   * options or other shapes; nothing has changed then
   */
  restore(bytes: Uint8Array): void;

  /** Gives the memory of the moments back. */
  close(): void;
  /** As close(), for `using`. */
  [Symbol.dispose](): void;
}

const STEP_OPTIONS = ["learningRate"];

/** Reads the options of an optimizer, in the order of its list; flags as 0 or 1. */
function readOptions(
  name: string,
  options: object,
  numbers: readonly OptimizerOption[],
  flags: readonly string[],
): Record<string, number> {
  checkOptions(name, options, [...numbers.map((option) => option.name), ...flags]);
  const given = options as Readonly<Record<string, unknown>>;
  const read: Record<string, number> = {};
  for (const option of numbers) {
    const value = given[option.name] ?? option.default;
    checkNumber(name, option, value);
    read[option.name] = value as number;
  }
  for (const flag of flags) {
    const value = given[flag] ?? false;
    if (typeof value !== "boolean") throw new TypeError(`${name}: ${flag} must be a boolean, but is ${kindOf(value)}`);
    read[flag] = value ? 1 : 0;
  }
  return read;
}

/** A zeroed array for moments: in the engine's memory, where kernels work without copying, while there is room. */
function momentsLike({ name, arena }: Backend, parameters: FloatArray): FloatArray {
  const { length } = parameters;
  // JavaScript loops work on any array
  if (name !== "js" && arena.available > 0) {
    try {
      return parameters instanceof Float32Array ? arena.alloc(Float32Array, length) : arena.alloc(Float64Array, length);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return floatArray(dtypeOf(parameters), length);
}

/** Parameters and their moments. Of one array or several: each is updated by a call of its own. */
export class RuledOptimizer<A extends UpdateArguments, P> implements Optimizer<P> {
  readonly #door: Door;
  readonly #rule: Rule<A>;
  readonly #name: string;
  readonly #stepName: string;
  readonly #isList: boolean;
  readonly #options: Record<string, number>;
  readonly #powers: number[];
  #learningRate: number;
  #parameters: readonly FloatArray[];
  /** They were as long when they were given. */
  readonly #lengths: readonly number[];
  readonly #stretches: Stretches;
  #moments: readonly (readonly FloatArray[])[];
  #args: readonly A[];
  readonly #arena: Backend["arena"] | undefined;
  #isClosed = false;

  constructor(door: Door, rule: Rule<A>, parameters: unknown, options: object) {
    const { call } = rule;
    const { name } = call;
    const backend = door(name);
    const read = readOptions(name, options, call.options, call.flags);
    if (read.nesterov === 1 && read.momentum === 0) throw new RangeError(`${name}: nesterov needs a momentum above 0`);
    this.#door = door;
    this.#rule = rule;
    this.#name = name;
    this.#stepName = `${name}.step`;
    this.#options = read;
    this.#learningRate = read.learningRate;
    this.#powers = rule.powers.map(() => 1);
    this.#isList = Array.isArray(parameters);
    this.#parameters = writtenArrays(name, "parameters", parameters);
    this.#lengths = this.#parameters.map(({ length }) => length);
    this.#stretches = new Stretches(name, "parameters", this.#parameters, this.#isList);
    this.#arena = backend.name === "js" ? undefined : backend.arena;
    const count = rule.moments(read);
    this.#moments = this.#parameters.map((array) => Array.from({ length: count }, () => momentsLike(backend, array)));
    this.#args = this.#parameters.map((array, i) => rule.argumentsOf(array, this.#moments[i]));
  }

  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = this.#checkedRate(this.#name, value);
  }

  step(gradients: GradientsOf<P>, options?: StepOptions): void {
    const name = this.#stepName;
    // first: reading an option may do anything
    if (options !== undefined) checkOptions(name, options, STEP_OPTIONS);
    const learningRate = this.#checkedRate(name, options?.learningRate ?? this.#learningRate);
    const list = this.#checkedGradients(gradients);
    const backend = this.#open(name);
    const { powers } = this.#rule;
    powers.forEach((option, i) => {
      this.#powers[i] *= this.#options[option];
    });
    for (let i = 0; i < list.length; i++) {
      const args = this.#args[i];
      this.#rule.prepare(args, this.#options, learningRate, this.#powers);
      args.gradients = list[i];
      try {
        this.#run(backend, args, this.#lengths[i]);
      } finally {
        args.gradients = NO_FLOATS;
      }
    }
  }

  state(): Uint8Array {
    this.#open(`${this.#name}.state`);
    return encode(this.#held());
  }

  restore(bytes: Uint8Array): void {
    this.#open(`${this.#name}.restore`);
    const { learningRate, powers, copyTo } = decode(bytes, this.#held());
    this.#learningRate = learningRate;
    powers.forEach((power, i) => {
      this.#powers[i] = power;
    });
    copyTo(this.#moments);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const view of this.#moments.flat()) if (view.buffer === this.#arena?.buffer) this.#arena.free(view);
    this.#parameters = [];
    this.#moments = [];
    this.#args = [];
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkedRate(name: string, value: unknown): number {
    checkNumber(name, this.#rule.call.options[0], value);
    return value as number;
  }

  /** The backend, where neither this nor its engine is closed. */
  #open(name: string): Backend {
    if (this.#isClosed) throw new TypeError(`${name}: this optimizer is closed`);
    return this.#door(name);
  }

  /** Gradients as long as the parameters, which may have changed since they were given. */
  #checkedGradients(value: unknown): readonly (FloatArray | HalfBits)[] {
    const name = this.#stepName;
    this.#open(name);
    const isList = this.#isList;
    checkAlike(name, "gradients", value, "parameters", this.#lengths.length, isList);
    const given = listOf(value);
    return this.#parameters.map((parameters, i) => {
      const [gradient, parameter] = [nameOf("gradients", i, isList), nameOf("parameters", i, isList)];
      const array = logitsOf(name, gradient, given[i]);
      checkHasElements(name, parameter, parameters);
      checkLength(name, parameter, parameters.length, this.#lengths[i], "it, when it was given,");
      checkSameDtype(name, gradient, array, parameter, parameters);
      checkHasElements(name, gradient, array);
      checkLength(name, gradient, array.length, parameters.length, parameter);
      this.#stretches.check(name, gradient, array);
      return array;
    });
  }

  #run(backend: Backend, args: A, length: number): void {
    const { kernel } = this.#rule.call;
    backend.run(kernel, dtypeOf(args.parameters), Math.ceil(length / BLOCK_ELEMENTS), args, length);
  }

  #held(): Held {
    const { options, flags } = this.#rule.call;
    return {
      name: this.#name,
      options: [...options.slice(1).map((option) => option.name), ...flags].map((option) => [
        option,
        this.#options[option],
      ]),
      learningRate: this.#learningRate,
      powers: this.#powers,
      parameters: this.#parameters,
      moments: this.#moments,
    };
  }
}
