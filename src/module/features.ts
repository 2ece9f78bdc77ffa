// What an engine can do, found by validating the smallest module that needs it: the text form above the bytes.

import { reasonOf } from "../check.ts";

/** (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt)) */
const SIMD = "0061736d010000000105016000017b030201000a0a010800 4100fd0ffd620b";

/**
 * (module (func (export "f") (param f32 f32 f32) (result f32)
 *   (f32x4.extract_lane 0 (f32x4.relaxed_madd
 *     (f32x4.splat (local.get 0)) (f32x4.splat (local.get 1)) (f32x4.splat (local.get 2))))))
 */
const RELAXED_SIMD =
  "0061736d0100000001080160037d7d7d017d030201000705010166 00000a16011400 2000fd132001fd132002fd13fd8502fd1f000b";

function bytesOf(module: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(module.replaceAll(" ", "").match(/../g)!, (byte) => Number.parseInt(byte, 16));
}

function validates(module: string): boolean {
  return typeof WebAssembly === "object" && WebAssembly.validate(bytesOf(module));
}

/** Whether this engine runs fixed-width SIMD. */
export const hasSimd = (): boolean => validates(SIMD);

/** Why this engine runs no WebAssembly with SIMD, where it doesn't: a policy shows when a module is compiled, not before. */
export function whyNoSimd(): string | undefined {
  if (typeof WebAssembly !== "object") return "this engine has no WebAssembly";
  if (!hasSimd()) return "this engine has no WebAssembly SIMD";
  try {
    new WebAssembly.Module(bytesOf(SIMD));
    return undefined;
  } catch (error) {
    return refused(error);
  }
}

/** What was thrown where WebAssembly can't be had, as a reason. */
export const refused = (error: unknown): string => `WebAssembly is refused here (${reasonOf(error)})`;

/** Whether this engine runs relaxed SIMD too. */
export const hasRelaxedSimd = (): boolean => validates(RELAXED_SIMD);

/** Whether its multiply-add is fused on this machine: (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24, and 0 where it is rounded twice. */
export function fusesMultiplyAdd(): boolean {
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(RELAXED_SIMD))).exports;
  return (f as (a: number, b: number, c: number) => number)(1 + 2 ** -12, 1 + 2 ** -12, -1 - 2 ** -11) !== 0;
}

/**
 * Whether an engine with this user agent may lose what compiled WebAssembly has on the stack: WebKitGTK and WPE on x86-64.
 * Their first compiler (seen in 2.50) sets the stack pointer back after a call in two instructions, `mov rsp, rbp` and
 * `sub rsp, n`; a signal between the two overwrites the frame. Measured under many short calls: a wrong row, or a trap, 14
 * times in 900 fresh modules; never in 1080 where nothing is compiled beside; 159 times in 300 when a timer sends 10,000
 * signals a second. Bun 1.4 showed none in 900 modules; macOS and iOS were not tried.
 */
export const losesStack = (userAgent: string): boolean =>
  /Linux x86_64.*AppleWebKit/.test(userAgent) && !/Chrom/.test(userAgent);
