import { host } from "./host.ts";

export const pageScript = (): string => host.report?.script ?? "";
