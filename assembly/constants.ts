// Numbers of the kernels by name. They come from a table in linear memory, written by src/memory/map.ts: V8 rebuilds a
// v128.const in every turn of a loop, while a constant that is loaded into a local before the loop stays in a register.

export * from "./generated/addresses";
export * from "./generated/constants";
