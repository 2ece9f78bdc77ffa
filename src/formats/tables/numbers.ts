/** Numbers in text, as the nearest float64: what Python, R, C and spreadsheets with a decimal point write. */

const ZERO = 0x30;

const NAMES = new Map([
  ["nan", Number.NaN],
  ["na", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["infinity", Number.POSITIVE_INFINITY],
]);

/** The number that a text is, spaces aside; undefined of one that is none: of nothing, of 0x10, of words. */
export function numberIn(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isNaN(value)) {
    const first = text.charCodeAt(0);
    // of digits from 1 on, a point or a minus nothing else can follow
    if ((first > ZERO && first <= ZERO + 9) || first === 0x2d || first === 0x2e) return value;
    // Number() takes nothing for 0, and other bases
    return /^\s*(\+?[\d.I]|-)/.test(text) && !/^\s*0[xob]/i.test(text) ? value : undefined;
  }
  const [, minus, name] = /^\s*(?:\+|(-))?([a-z]+)\s*$/i.exec(text) ?? [];
  const known = name === undefined ? undefined : NAMES.get(name.toLowerCase());
  return known === undefined || minus === undefined ? known : -known;
}

/** 10^0 to 10^22 are exact, so that an exact integer divided by one is rounded once (Clinger, 1990). */
export const POWERS: Float64Array = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** So many digits are below 2^53. */
export const EXACT_DIGITS = 15;
