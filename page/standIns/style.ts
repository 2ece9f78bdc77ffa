/** The style of reports is a file of the page, which it shows itself, too: plotting.ts gives it. */
export const STYLE = "";
