// The checksum of zip archives is in the package, too, for engines whose zlib has none.
export const crc32 = undefined;
