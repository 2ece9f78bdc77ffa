import { type Domain, domainOf, type Range } from "../src/descriptions/domains.ts";
import type { ElementwiseLoss } from "../src/descriptions/elementwiseLoss.ts";
import { type Faces, facesOf } from "./faces.ts";
import type { FloatArray } from "./inputs.ts";

// Predictions and targets that a loss takes, made of any numbers.

/** A number as one of a range; NaN as it is. */
function within({ oneOf, above, atLeast, atMost }: Range, x: number): number {
  if (Number.isNaN(x)) return x;
  if (oneOf !== undefined) return oneOf[x < 0 ? 0 : 1];
  if (atMost !== undefined) return Number.isFinite(x) ? Math.abs(x) / (1 + Math.abs(x)) : 1;
  if (atLeast !== undefined) return Math.abs(x);
  return above === undefined ? x : Math.abs(x) + 0.875 * above;
}

export function isWithin(
  { oneOf, above = -Infinity, atLeast = -Infinity, atMost = Infinity }: Range,
  x: number,
): boolean {
  if (Number.isNaN(x)) return true;
  if (oneOf !== undefined) return oneOf.includes(x);
  return x >= atLeast && x <= atMost && (x > above || above === -Infinity);
}

/** Predictions and targets of a loss, made of any. */
export function fitting(loss: Pick<ElementwiseLoss, "domain">) {
  const { predictions = {}, targets = {} }: Domain = domainOf(loss);
  const taken =
    (range: Range) =>
    <A extends FloatArray>(array: A): A =>
      array.map((x) => within(range, x)) as A;
  return { predictions: taken(predictions), targets: taken(targets), domain: { predictions, targets } };
}

/** What a loss is called in the oracle. */
export function titleOf({ name, input }: Pick<ElementwiseLoss, "name" | "input">): string {
  return input === undefined || ["logits", "logRate"].includes(input) ? name : `${name} of ${input}`;
}

/** Both functions of a loss, with the input that it is described for. */
export function facesOfLoss(losses: object, { name, input, options }: ElementwiseLoss) {
  const { loss, withGrad } = facesOf(losses, name);
  const flags = options.filter(({ flag }) => flag).map(({ name }) => name);
  if (input === undefined && flags.length === 0) return { loss, withGrad };
  const given = (options: object = {}) => {
    const set = Object.entries(options).map(([key, value]) => [key, flags.includes(key) ? Boolean(value) : value]);
    return { ...(input !== undefined && { input }), ...Object.fromEntries(set) };
  };
  const own: Faces = {
    loss: (p, t, options) => loss(p, t, given(options)),
    withGrad: (p, t, options) => withGrad(p, t, given(options)),
  };
  return own;
}
