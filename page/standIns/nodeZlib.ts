// The checksum of zip archives is in the package, too, for engines that have none.
export {};
