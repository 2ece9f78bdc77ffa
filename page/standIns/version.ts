/** The build puts it in. */
declare const WASM_LOSS_VERSION: string;

export const version: string = WASM_LOSS_VERSION;
