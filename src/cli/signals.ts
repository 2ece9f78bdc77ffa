/** What ends the command line. */
export const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
