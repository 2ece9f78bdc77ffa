// The bits of a float64, as two words. Through a DataView: two typed arrays over one buffer are as fast, but the optimising
// compiler of WebKitGTK 2.50 takes what it wrote to the one for what it reads from it, whatever the other wrote since.
const view = new DataView(new ArrayBuffer(8));

/** Sign, exponent and the upper 20 bits of the significand. */
export function highWord(x: number): number {
  view.setFloat64(0, x);
  return view.getUint32(0);
}

/** The lower 32 bits of the significand. */
export function lowWord(x: number): number {
  view.setFloat64(0, x);
  return view.getUint32(4);
}

/** x with another upper word. */
export function withHighWord(x: number, high: number): number {
  view.setFloat64(0, x);
  view.setUint32(0, high);
  return view.getFloat64(0);
}

/** x with the lower 32 bits 0. */
export function withoutLowWord(x: number): number {
  view.setFloat64(0, x);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}

/** The bits of a float32. */
export function bitsOfFloat32(x: number): number {
  view.setFloat32(0, x);
  return view.getInt32(0);
}

/** The float32 of some bits. */
export function float32OfBits(bits: number): number {
  view.setInt32(0, bits);
  return view.getFloat32(0);
}
