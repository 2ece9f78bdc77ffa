const SCHEMES = /^(https?|s3|hf):\/\//i;

/** Whether a name is an address, not that of a file. */
export const isAddress = (path: string): boolean => SCHEMES.test(path);

/** Whether an address is in a bucket, in which files can be listed and put. */
export const isInBucket = (path: string): boolean => /^s3:\/\//i.test(path);
