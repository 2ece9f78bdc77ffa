/**
 * A module, or where it is. `object` stands for WebAssembly.Module, which only the DOM's declarations name (and say nothing
 * about): programs compile without them.
 */
export type ModuleSource = URL | ArrayBuffer | ArrayBufferView | object;
