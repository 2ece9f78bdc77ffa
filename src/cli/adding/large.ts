/** From so many bytes on files are shared out among all cores unless it is said how many. */
export const LARGE_BYTES = 2 ** 26;
