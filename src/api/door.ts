import type { Backend } from "../backends/backend.ts";

/** What a call goes through: the backend while the engine is open. Throws, naming the function, when it is closed. */
export type Door = (name: string) => Backend;
