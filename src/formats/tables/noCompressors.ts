/** Stands for hyparquet-compressors in browsers, which takes three times as much as all the readers. */
export const compressors = undefined;
