import { execFileSync, spawn } from "node:child_process";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { FormatError } from "../src/formats/error.ts";
import { openNpy, writeNpy } from "../src/formats/npy.ts";
import { formatNpyHeader, type NpyArray, type NpyArrayType, parseNpyHeader } from "../src/formats/npyHeader.ts";

const folder = mkdtempSync(join(tmpdir(), "wasm-loss-npy-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Values at the ends of every type's range; NaN with its sign, so compared as bytes. */
const arrays: [descr: string, data: NpyArray][] = [
  ["<f4", Float32Array.of(0, -0, 1.5, -3.4028234663852886e38, Number.POSITIVE_INFINITY, Number.NaN)],
  ["<f8", Float64Array.of(0, -0, 5e-324, -1.7976931348623157e308, Number.NEGATIVE_INFINITY, Number.NaN)],
  ["|i1", Int8Array.of(-128, -1, 0, 1, 2, 127)],
  ["|u1", Uint8Array.of(0, 1, 2, 3, 254, 255)],
  ["<i2", Int16Array.of(-32768, -1, 0, 1, 258, 32767)],
  ["<u2", Uint16Array.of(0, 1, 2, 3, 258, 65535)],
  ["<i4", Int32Array.of(-2147483648, -1, 0, 1, 16909060, 2147483647)],
  ["<u4", Uint32Array.of(0, 1, 2, 3, 16909060, 4294967295)],
  ["<i8", BigInt64Array.of(-9223372036854775808n, -1n, 0n, 1n, 72623859790382856n, 9223372036854775807n)],
  ["<u8", BigUint64Array.of(0n, 1n, 2n, 3n, 72623859790382856n, 18446744073709551615n)],
];
const versions = [1, 2, 3] as const;

describe.each(versions)("version %i.0", (version) => {
  test.each(arrays)("%s comes back as it was, in pieces of any size", (descr, data) => {
    const type = data.constructor as NpyArrayType;
    const path = write(formatNpyHeader(type, [2, 3], version), bytesOf(data));
    for (let size = 1; size <= 8; size++) {
      const file = openNpy(path);
      expect(file).toMatchObject({ path, descr, arrayType: type, shape: [2, 3], length: 6 });
      const pieces: number[] = [];
      const piece = new type(size);
      for (let count = file.read(piece); count > 0; count = file.read(piece)) {
        pieces.push(...bytesOf(piece.subarray(0, count)));
      }
      file.close();
      expect(pieces).toEqual([...bytesOf(data)]);
    }
  });

  test("the data begins at a multiple of 64, after a line end", () => {
    // texts of every length, of a multiple of 64 too
    const longer = Array.from({ length: 90 }, (_, i) => [10 ** (i % 3), ...Array(Math.floor(i / 3)).fill(1)]);
    for (const shape of [[], [0], [7], [2, 3], ...longer]) {
      const header = formatNpyHeader(Float32Array, shape, version);
      expect(header.length % 64).toBe(0);
      expect(header.at(-1)).toBe(10);
      expect(parseNpyHeader(header, "x").shape).toEqual(shape);
    }
  });
});

describe("writeNpy", () => {
  test("names of any length, and a Buffer", () => {
    for (const length of [240, 250, 255]) {
      const path = join(folder, "é".repeat(50).padEnd(length - 50, "a"));
      writeNpy(path, Buffer.from([1, 2]), [2]);
      const file = openNpy(path);
      expect([file.descr, file.shape]).toEqual(["|u1", [2]]);
      file.close();
    }
  });

  test.each(arrays)("%s", (descr, data) => {
    const path = join(folder, "written.npy");
    writeNpy(path, data, [3, 2]);
    const file = openNpy(path);
    expect(file).toMatchObject({ descr, shape: [3, 2] });
    const back = new file.arrayType(6);
    expect(file.read(back)).toBe(6);
    expect(file.read(back)).toBe(0);
    file.close();
    expect(bytesOf(back)).toEqual(bytesOf(data));
  });

  test("its bytes are those of numpy.save", () => {
    const path = join(folder, "numpy.npy");
    writeNpy(path, Int16Array.of(1, 2, 3), [3]);
    const text = "{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }".padEnd(117);
    const expected = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text}\n\x01\x00\x02\x00\x03\x00`, "latin1");
    expect(readFileSync(path)).toEqual(expected);
  });

  test("a view is written, not the whole buffer under it", () => {
    const path = join(folder, "view.npy");
    writeNpy(path, new Float32Array([1, 2, 3, 4]).subarray(1, 3), [2]);
    expect(readAll(path)).toEqual(Float32Array.of(2, 3));
  });

  test("a shape that does not fit is refused", () => {
    const path = join(folder, "refused.npy");
    expect(() => writeNpy(path, new Float32Array(6), [2, 4])).toThrow(
      new RangeError("writeNpy: shape is (2, 4), but data.length is 6"),
    );
    expect(() => writeNpy(path, new Float32Array(6), [-2, -3])).toThrow(RangeError);
    expect(() => writeNpy(path, new Float32Array(6), [1.5, 4])).toThrow(RangeError);
    for (const data of [new Uint8ClampedArray(6), null, undefined, [1, 2], {}]) {
      expect(() => writeNpy(path, data as never, [6])).toThrow(
        /^writeNpy: data must be a typed array of numbers, but is /,
      );
    }
    expect(() => writeNpy(path, new Float32Array(0), new Array(2))).toThrow(RangeError);
    expect(() => writeNpy(path, new Float32Array(1), new Array(65).fill(1))).toThrow(
      new RangeError("writeNpy: shape has 65 dimensions, but at most 64 are read"),
    );
  });

  test("nothing stays where writing fails, and what was there stays whole", () => {
    const inner = mkdtempSync(join(folder, "inner-"));
    expect(() => writeNpy(join(inner, "none", "x.npy"), Float32Array.of(1), [1])).toThrow(/ENOENT/);
    expect(() => writeNpy(inner, Float32Array.of(1), [1])).toThrow(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
    expect(() => writeNpy(join(inner, "new/"), Float32Array.of(1), [1])).toThrow(/ENOENT/);
    expect(() => writeNpy("", Float32Array.of(1), [1])).toThrow(/ENOENT/);
    expect(readdirSync(inner)).toEqual([]);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("headers that are read", () => {
  const expected = { descr: "<f4", shape: [2, 3], length: 6, dataBytes: 24 };

  test.each([
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
    "{'shape': (2, 3), 'fortran_order': False, 'descr': '<f4'}\n",
    '{"shape":(2,3),"descr":"<f4","fortran_order":False,}\n',
    " { 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , 'descr' : '<f4' , } \n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }\n",
  ])("%s", (text) => {
    for (const version of versions) expect(parseNpyHeader(withText(text, version), "x")).toMatchObject(expected);
  });

  test.each([
    ["()", [], 1],
    ["( )", [], 1],
    ["(0,)", [0], 0],
    ["(7,)", [7], 7],
    ["(0, 10)", [0, 10], 0],
    ["(2, 3, 4,)", [2, 3, 4], 24],
    [`(${"1, ".repeat(64)})`, Array(64).fill(1), 1],
  ])("shape %s", (text, shape, length) => {
    expect(parseNpyHeader(withText(dict({ shape: text })), "x")).toMatchObject({ shape, length });
  });

  test.each(arrays)("%s, big-endian, in pieces of any size", (descr, data) => {
    const size = data.BYTES_PER_ELEMENT;
    const bytes = bytesOf(data).slice();
    for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
    const path = write(withText(dict({ descr: `'>${descr.slice(1)}'` })), bytes);
    for (let length = 1; length <= 6; length++) {
      const file = openNpy(path);
      const piece = new file.arrayType(length);
      const back: number[] = [];
      for (let n = file.read(piece); n > 0; n = file.read(piece)) back.push(...bytesOf(piece.subarray(0, n)));
      file.close();
      expect(back).toEqual([...bytesOf(data)]);
    }
  });

  test.each(["|b1", "<b1", ">b1"])("booleans are bytes: %s", (descr) => {
    const path = write(withText(dict({ descr: `'${descr}'` })), Uint8Array.of(0, 1, 1, 0, 1, 0));
    expect(readAll(path)).toEqual(Uint8Array.of(0, 1, 1, 0, 1, 0));
  });

  test.each(["(6,)", "(1, 6)", "(6, 1)", "(1, 6, 1)"])("Fortran order of one axis is C order: %s", (shape) => {
    const path = write(withText(dict({ shape, fortran_order: "True" })), bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6)));
    expect(readAll(path)).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
  });

  test.each(["(0, 10)", "()", "(1, 1)"])("Fortran order of at most one element: %s", (shape) => {
    expect(parseNpyHeader(withText(dict({ shape, fortran_order: "True" })), "x").fortran).toBe(false);
  });

  test.each(["|i1", "<i1", ">i1"])("a single byte has no order: %s", (descr) => {
    expect(parseNpyHeader(withText(dict({ descr: `'${descr}'` })), "x").arrayType).toBe(Int8Array);
  });
});

/** Every case is a whole file; its data would fit the shape (2, 3) of <f4. */
const refused: [title: string, file: Uint8Array, message: string | RegExp][] = [
  ["an empty file", Uint8Array.of(), "truncated header: the file ends after 0 bytes"],
  ["a file that ends in the magic", npy().subarray(0, 4), "truncated header: the file ends after 4 bytes"],
  ["a file that ends in the length", npy().subarray(0, 9), "truncated header: the file ends after 9 bytes"],
  ["a file that ends in the header", npy().subarray(0, 100), "truncated header: 128 bytes expected, 100 found"],
  ["no data", npy().subarray(0, 128), "truncated data: 24 bytes expected, 0 found"],
  ["one byte too few", npy().subarray(0, -1), "truncated data: 24 bytes expected, 23 found"],
  ["one byte too many", npy({ data: 25 }), "trailing bytes: 24 bytes of data expected, 25 found"],
  ["another magic", npy({ bytes: { 0: 0x50 } }), "not an npy file (byte 0 is not that of \\x93NUMPY)"],
  ["text", Buffer.from("0.1,0.2\n"), "not an npy file (byte 0 is not that of \\x93NUMPY)"],
  ["version 0.1", npy({ bytes: { 6: 0, 7: 1 } }), "unknown npy version 0.1 (known are 1.0, 2.0 and 3.0)"],
  ["version 4.0", npy({ bytes: { 6: 4 } }), "unknown npy version 4.0 (known are 1.0, 2.0 and 3.0)"],
  ["version 1.1", npy({ bytes: { 7: 1 } }), "unknown npy version 1.1 (known are 1.0, 2.0 and 3.0)"],
  ["a header longer than its file", npy({ bytes: { 9: 0xff } }), "truncated header: 65408 bytes expected, 152 found"],
  [
    "a header of 4 GiB",
    npy({ version: 2, bytes: { 8: 0xff, 9: 0xff, 10: 0xff, 11: 0xff } }),
    "header of 4294967295 bytes (at most 1048576 are read)",
  ],
  ["a header of 0 bytes", npy({ bytes: { 8: 0 } }), /header has no '\{', at/],
  ["Fortran order", npy({ fortran_order: "True" }), "data in Fortran order; save it with np.ascontiguousarray(...)"],
  ...["<f3", "<f16", "<c8", "|O", "<U5", "|S3", "|V4", "<M8[ns]", "|f4", "=f4", "f4", "<f", "", "<__proto__"].map(
    (descr): [string, Uint8Array, string] => [
      `dtype ${JSON.stringify(descr)}`,
      npy({ descr: `'${descr}'` }),
      `unsupported dtype "${descr}" (supported are <f2 <f4 <f8 |b1 |i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8)`,
    ],
  ),
  ["a structured dtype", npy({ descr: "[('a', '<f4')]" }), /structured dtype/],
  ["a negative size", npy({ shape: "(-2, 3)" }), /size that is not an integer .* at "-2, 3\)/],
  ["two negative sizes", npy({ shape: "(-2, -3)" }), /size that is not an integer/],
  ["a size that is no integer", npy({ shape: "(2.0, 3)" }), /size that is not an integer/],
  ["a size with an exponent", npy({ shape: "(2e0, 3)" }), /size that is not an integer/],
  ["a size in another base", npy({ shape: "(0x2, 3)" }), /size that is not an integer/],
  ["a size that is a word", npy({ shape: "(None, 3)" }), /size that is not an integer/],
  ["a size that is text", npy({ shape: "('2', 3)" }), /size that is not an integer/],
  ["a nested shape", npy({ shape: "((2, 3),)" }), /size that is not an integer/],
  ["a size beyond 2^53", npy({ shape: "(9007199254740992,)" }), /size that is not an integer/],
  ["a size of 400 digits", npy({ shape: `(${"9".repeat(400)},)` }), /size that is not an integer/],
  ["a huge shape", npy({ shape: "(4294967296, 4294967296)" }), /larger than any file/],
  ["a shape of infinite length", npy({ shape: `(${"9007199254740991, ".repeat(64)})` }), /larger than any file/],
  ["infinity times 0", npy({ shape: `(${"9007199254740991, ".repeat(63)}0)` }), /larger than any file/],
  [
    "a larger shape than there is data for",
    npy({ shape: "(1000000000, 1000)" }),
    /truncated data: 4000000000000 bytes/,
  ],
  ["too many dimensions", npy({ shape: `(${"1, ".repeat(65)})` }), /more than 64 dimensions/],
  ["a number as shape", npy({ shape: "6" }), /header has no '\(', at "6/],
  ["a number in brackets as shape", npy({ shape: "(6)" }), /header has no ',', at "\)/],
  ["a list as shape", npy({ shape: "[2, 3]" }), /header has no '\('/],
  ["no comma", npy({ shape: "(2 3)" }), /header has no ','/],
  ["two commas", npy({ shape: "(2,, 3)" }), /size that is not an integer/],
  ["a shape without end", npy({ text: "{'shape': (2, 3" }), /header has no ',', at its end/],
  ["a dict without end", npy({ text: "{'shape': (2, 3)" }), /header has no ',', at its end/],
  ["an empty dict", npy({ text: "{}" }), "header has no descr, at its end"],
  ["no fortran_order", npy({ text: "{'descr': '<f4', 'shape': (2, 3)}" }), "header has no fortran_order, at its end"],
  ["no shape", npy({ text: "{'descr': '<f4', 'fortran_order': False}" }), "header has no shape, at its end"],
  ["fortran_order 0", npy({ fortran_order: "0" }), /neither True nor False/],
  ["an unknown key", npy({ text: "{'desc': '<f4'}" }), /unknown key "desc"/],
  ["a key of Object", npy({ text: "{'__proto__': '<f4'}" }), /unknown key "__proto__"/],
  ["a key twice", npy({ text: "{'shape': (2, 3), 'shape': (2, 3)}" }), /header has shape twice/],
  ["a key without quotes", npy({ text: "{descr: '<f4'}" }), /header has no key/],
  ["more after the dict", npy({ text: `${dict({})} + 1` }), /header can't be read, at "\+ 1"/],
  ["a second dict", npy({ text: `${dict({})}{}` }), /header goes on after its dict/],
  ["an expression", npy({ shape: "(2, 3) * 1" }), /header can't be read, at "\* 1/],
  ["an escape", npy({ descr: "'<\\x664'" }), /header can't be read/],
  ["a byte of 0", npy({ text: `${dict({})}\0` }), /header can't be read, at "\?"/],
  ["a megabyte of brackets", npy({ version: 2, descr: "[".repeat(2 ** 20 - 200) }), /structured dtype/],
  ["a megabyte of text without end", npy({ version: 2, text: `{'${"x".repeat(2 ** 20 - 2)}` }), /can't be read/],
  ["a megabyte of spaces", npy({ version: 3, text: " ".repeat(2 ** 20) }), /header has no '\{', at its end/],
];

describe("files that are refused, with one line that names the file", () => {
  test.each(refused)("%s", (_title, bytes, message) => {
    const path = write(bytes);
    const error = errorOf(() => openNpy(path));
    expect(error).toBeInstanceOf(FormatError);
    const line = (error as FormatError).message;
    expect(line).toMatch(/^[\p{L}\p{N}\p{P}\p{S} ]{1,600}$/u);
    expect(line.startsWith(`${path}: `)).toBe(true);
    if (typeof message === "string") expect(line.slice(path.length + 2)).toBe(message);
    else expect(line.slice(path.length + 2)).toMatch(message);
  });

  test("a file that shrinks while it is read", () => {
    const path = write(npy());
    const file = openNpy(path);
    truncateSync(path, 128 + 10);
    expect(() => file.read(new Float32Array(2))).not.toThrow();
    expect(() => file.read(new Float32Array(2))).toThrow(`${path}: truncated data: 24 bytes expected, 10 found`);
    file.close();
  });

  test("a file that grows while it is read", () => {
    const path = write(npy());
    const file = openNpy(path);
    writeFileSync(path, "x", { flag: "a" });
    expect(() => file.read(new Float32Array(6))).toThrow(
      `${path}: trailing bytes: 24 bytes of data expected, more found`,
    );
    file.close();
  });

  test("a folder and a file that is not there keep the error of the file system, with the path", () => {
    expect(errorOf(() => openNpy(folder))).toMatchObject({ code: "EISDIR", path: folder });
    const path = join(folder, "none.npy");
    expect(errorOf(() => openNpy(path))).toMatchObject({ code: "ENOENT", path });
  });
});

describe("reading", () => {
  test("an array of another type is refused", () => {
    const file = openNpy(write(npy()));
    expect(() => file.read(new Float64Array(6))).toThrow(TypeError);
    file.close();
  });

  test("a closed file is not read, and closing it again does nothing", () => {
    const file = openNpy(write(npy()));
    file.close();
    file.close();
    expect(() => file.read(new Float32Array(6))).toThrow(/is closed/);
  });

  test("only as much is written as was read", () => {
    const path = write(formatNpyHeader(Int8Array, [3]), Uint8Array.of(1, 2, 3));
    const file = openNpy(path);
    const into = new Int8Array(8).fill(-1);
    expect(file.read(into.subarray(2, 7))).toBe(3);
    file.close();
    expect([...into]).toEqual([-1, -1, 1, 2, 3, -1, -1, -1]);
  });

  // Windows has no mkfifo.
  const pipes = process.platform === "win32" ? [] : [join(folder, "pipe")];
  test.each(pipes)("a pipe is read like a file", (pipe) => {
    execFileSync("mkfifo", [pipe]);
    const read = (...parts: Uint8Array[]) => {
      spawn("sh", ["-c", 'cat "$0" > "$1"', write(...parts), pipe], { stdio: "ignore" });
      return readAll(pipe);
    };
    const header = formatNpyHeader(Int8Array, [3]);
    expect(read(header, Uint8Array.of(1, 2, 3))).toEqual(Int8Array.of(1, 2, 3));
    expect(() => read(header, Uint8Array.of(1, 2))).toThrow(`${pipe}: truncated data: 3 bytes expected, 2 found`);
    expect(() => read(header, new Uint8Array(4))).toThrow(
      `${pipe}: trailing bytes: 3 bytes of data expected, more found`,
    );
  });
});

describe("mutations of valid files", () => {
  const syntaxBytes = Buffer.from("{}()[]:,'\" \n-+.0129LTF\\");
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat(4),
    insert: fc.uint8Array({ maxLength: 4 }),
  });
  const syntax = edit.map((it) => ({
    ...it,
    insert: Uint8Array.from(it.insert, (byte) => syntaxBytes[byte % syntaxBytes.length]),
  }));
  const mutated = fc
    .record({
      version: fc.constantFrom(...versions),
      type: fc.constantFrom(...arrays.map(([, data]) => data.constructor as NpyArrayType)),
      shape: fc.array(fc.nat(5), { maxLength: 3 }),
      edits: fc.array(fc.oneof(edit, syntax), { minLength: 1, maxLength: 4 }),
    })
    .map(({ version, type, shape, edits }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      let file = Buffer.concat([
        formatNpyHeader(type, shape, version),
        new Uint8Array(length * type.BYTES_PER_ELEMENT),
      ]);
      for (const { at, remove, insert } of edits) {
        // Mostly into the 70 bytes that mean something.
        const place = Math.floor(at * Math.min(file.length, 90));
        file = Buffer.concat([file.subarray(0, place), insert, file.subarray(place + remove)]);
      }
      return file;
    });

  test("a header is parsed or refused", () => {
    fc.assert(
      fc.property(mutated, (bytes) => {
        const header = valueOrFormatError(() => parseNpyHeader(bytes, "x.npy"));
        if (header === undefined) return;
        expect(header.shape.every((size) => Number.isSafeInteger(size) && size >= 0)).toBe(true);
        expect(header.dataBytes).toBe(header.length * header.arrayType.BYTES_PER_ELEMENT);
        expect(header.dataOffset).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 20_000 },
    );
  });

  test("a file is read to its last byte or refused", () => {
    fc.assert(
      fc.property(mutated, (bytes) => {
        const path = write(bytes);
        const data = valueOrFormatError(() => readAll(path));
        if (data) expect(data.byteLength + parseNpyHeader(bytes, path).dataOffset).toBe(bytes.length);
      }),
      { numRuns: 500 },
    );
  });
});

function dict({ descr = "'<f4'", fortran_order = "False", shape = "(2, 3)" }): string {
  return `{'descr': ${descr}, 'fortran_order': ${fortran_order}, 'shape': ${shape}, }`;
}

/** A header whose text is this and nothing else. */
function withText(text: string, version: 1 | 2 | 3 = 1): Buffer {
  const length = version === 1 ? Buffer.alloc(2) : Buffer.alloc(4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([
    Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, "latin1"),
    length,
    Buffer.from(text, "latin1"),
  ]);
}

/** A file that is valid - shape (2, 3) of <f4, header of 128 bytes - but for what is given. */
function npy({
  version = 1 as 1 | 2 | 3,
  data = 24,
  bytes = {} as Record<number, number>,
  text = undefined as string | undefined,
  ...fields
}: {
  version?: 1 | 2 | 3;
  data?: number;
  bytes?: Record<number, number>;
  text?: string;
  descr?: string;
  fortran_order?: string;
  shape?: string;
} = {}): Buffer {
  const header = withText(text ?? `${dict(fields).padEnd(version === 1 ? 117 : 115)}\n`, version);
  const file = Buffer.concat([header, new Uint8Array(data)]);
  for (const [at, byte] of Object.entries(bytes)) file[Number(at)] = byte;
  return file;
}

function write(...parts: Uint8Array[]): string {
  const path = join(folder, "x.npy");
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

function readAll(path: string): NpyArray {
  const file = openNpy(path);
  try {
    const data = new file.arrayType(file.length);
    file.read(data);
    return data;
  } finally {
    file.close();
  }
}

// Windows has no modes and no named pipes, and links only for some
describe.skipIf(process.platform === "win32")("where something is already", () => {
  const data = Float32Array.of(1, 2, 3);
  const at = (name: string) => join(folder, name);

  test("a link is followed, and the mode of the file kept", () => {
    writeFileSync(at("target.npy"), "before", { mode: 0o600 });
    symlinkSync("target.npy", at("link.npy"));
    symlinkSync("later.npy", at("dangling.npy"));
    for (const name of ["link.npy", "dangling.npy"]) {
      writeNpy(at(name), data, [3]);
      expect(lstatSync(at(name)).isSymbolicLink()).toBe(true);
      expect(bytesOf(readAll(at(name)))).toEqual(bytesOf(data));
    }
    expect(statSync(at("target.npy")).mode & 0o777).toBe(0o600);
  });

  test("a pipe is written into", async () => {
    execFileSync("mkfifo", [at("pipe.npy")]);
    const reader = spawn("cat", [at("pipe.npy")]);
    const chunks: Buffer[] = [];
    reader.stdout.on("data", (chunk) => chunks.push(chunk));
    const ended = new Promise((resolve) => reader.on("close", resolve));
    writeNpy(at("pipe.npy"), data, [3]);
    await ended;
    expect(lstatSync(at("pipe.npy")).isFIFO()).toBe(true);
    writeNpy(at("same.npy"), data, [3]);
    expect(Buffer.concat(chunks)).toEqual(readFileSync(at("same.npy")));
  });
});

test("without a shape: one line", () => {
  expect(() => writeNpy(join(folder, "none.npy"), Float32Array.of(1), undefined as never)).toThrow(
    new TypeError("writeNpy: shape must be an array of sizes, but is undefined"),
  );
});

function bytesOf(data: NpyArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

function valueOrFormatError<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message).toMatch(/^[^\n]*\.npy: [ -~]+$/);
    return undefined;
  }
}
