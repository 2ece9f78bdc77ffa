// What an engine can do, found by validating the smallest module that needs it: the text form above the bytes.

/** (module (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt)) */
const SIMD = "0061736d010000000105016000017b030201000a0a010800 4100fd0ffd620b";

/** (module (func (result v128) i32.const 1 i8x16.splat i32.const 2 i8x16.splat i8x16.relaxed_swizzle)) */
const RELAXED_SIMD = "0061736d010000000105016000017b030201000a0f010d00 4101fd0f4102fd0ffd80020b";

function validates(module: string): boolean {
  if (typeof WebAssembly !== "object") return false;
  const bytes = module.replace(" ", "").match(/../g)!;
  return WebAssembly.validate(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)));
}

/** Whether this engine runs fixed-width SIMD. */
export const hasSimd = (): boolean => validates(SIMD);

/** Whether this engine runs relaxed SIMD too. */
export const hasRelaxedSimd = (): boolean => validates(RELAXED_SIMD);

/**
 * Whether an engine with this user agent may lose what compiled WebAssembly has on the stack: WebKitGTK and WPE on x86-64.
 * Their first compiler (seen in 2.50) sets the stack pointer back after a call in two instructions, `mov rsp, rbp` and
 * `sub rsp, n`; a signal between the two overwrites the frame. Measured under many short calls: a wrong row, or a trap, 14
 * times in 900 fresh modules; never in 1080 where nothing is compiled beside; 159 times in 300 when a timer sends 10,000
 * signals a second. Bun 1.4 showed none in 900 modules; macOS and iOS were not tried.
 */
export const losesStack = (userAgent: string): boolean =>
  /Linux x86_64.*AppleWebKit/.test(userAgent) && !/Chrom/.test(userAgent);
