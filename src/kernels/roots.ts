/** 2^(1 / 256) in 120 bits. */
const ROOT = 0x100b1afa5abcbed6129ab13ec11dc95n;

/** 2^(j / 256), rounded once. */
export const ROOT_OF_2 = Float64Array.from({ length: 256 });
for (let j = 0, root = 1n << 120n; j < 256; j++, root = (root * ROOT) >> 120n) ROOT_OF_2[j] = Number(root) / 2 ** 120;
