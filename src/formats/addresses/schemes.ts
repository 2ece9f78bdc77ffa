const SCHEMES = /^(https?|s3|hf):\/\//i;

/** Whether a name is an address, not that of a file. */
export const isAddress = (path: string): boolean => SCHEMES.test(path);
