import { type Format, startsWith } from "./format.ts";

/** npz files. The library that reads archives takes 30 ms to load, and is so when there is one. */
export const npz: Format = {
  name: "npz",
  extensions: ["npz"],
  hasNames: true,
  needsBegin: "an archive",
  begins: (bytes) => startsWith(bytes, [0x50, 0x4b, 3, 4]) || startsWith(bytes, [0x50, 0x4b, 5, 6]),
  async open(archive, options) {
    const { npzTensor } = await import("./npzTensor.ts");
    return npzTensor(archive, options);
  },
};
