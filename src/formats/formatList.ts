import { type Format, loadedLater, startsWith } from "./format.ts";
import { LLAMA_MAGIC } from "./llamaMagic.ts";
import { npy } from "./npyTensor.ts";
import { npz } from "./npz.ts";
import { safetensors } from "./safetensors.ts";

const rareFormats = () => import("./rareFormats.ts");

const llamaLogits = loadedLater(
  {
    name: "llama.cpp",
    extensions: ["kld"],
    isOfBoth: true,
    begins: (bytes) => String.fromCharCode(...bytes.subarray(0, LLAMA_MAGIC.length)) === LLAMA_MAGIC,
  },
  async () => (await rareFormats()).llamaLogits,
);

const parquet = loadedLater(
  {
    name: "parquet",
    extensions: ["parquet", "pq"],
    isReadAnywhere: true,
    needsBegin: "a Parquet file",
    begins: (bytes) => startsWith(bytes, [0x50, 0x41, 0x52, 0x31]),
  },
  async () => (await rareFormats()).parquet,
);

const harness = loadedLater(
  {
    name: "jsonl",
    extensions: ["jsonl", "ndjson"],
    isText: true,
    isOfBoth: true,
    begins: (bytes) => /^(\xef\xbb\xbf)?\s*\{/.test(String.fromCharCode(...bytes)),
  },
  async () => (await rareFormats()).harness,
);

/** Text whose first line has a delimiter; JSON and pages of the web are other formats. */
function beginsAsTable(bytes: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(bytes).replace(/^\xef\xbb\xbf/, "");
  const [line] = text.trimStart().split(/[\r\n]/);
  return !/[^\t\r\n -~\x80-\xff]/.test(text) && /^[^{[<].*[,;\t|]/.test(line);
}

const csv = loadedLater(
  { name: "csv", extensions: ["csv", "tsv", "tab", "txt", "dat"], isText: true, begins: beginsAsTable },
  async () => (await rareFormats()).csv,
);

/** The formats that are read, in the order in which the first bytes are looked at; raw binary is none of them. */
export const FORMATS: readonly Format[] = [npz, safetensors, npy, llamaLogits, parquet, harness, csv];
