import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import yauzl from "yauzl";
import { crc32 } from "../src/evaluate/stateBytes.ts";
import { directory, localHeader, type StoredMember } from "../src/formats/storedZip.ts";
import { workshop } from "./command.ts";

const { at } = workshop();
const python = spawnSync("python3", ["-c", "import zipfile"]).status === 0 ? ["python3"] : [];

/** An archive of texts; from `limit` on sizes and places are told in 64 bits. */
function archive(texts: readonly string[], limit?: number): Buffer {
  const parts: Uint8Array[] = [];
  const members: StoredMember[] = [];
  let offset = 0;
  texts.forEach((text, i) => {
    const bytes = Buffer.from(text);
    const member = { name: `member${i}.txt`, size: bytes.length, offset };
    const header = localHeader(member, crc32(bytes), limit);
    expect(localHeader(member, 0, limit).length).toBe(header.length);
    members.push(member);
    parts.push(header, bytes);
    offset += header.length + bytes.length;
  });
  const checksums = texts.map((text) => crc32(Buffer.from(text)));
  return Buffer.concat([...parts, directory(members, checksums, offset, limit)]);
}

// 0: everything in 64 bits; 60: some places; 1000: nothing
describe.each([0, 5, 60, 1000, undefined])("from %s on in 64 bits", (limit) => {
  const texts = ["one", "", "a longer text than that", "last"];

  test("yauzl reads it", async () => {
    const zip = await yauzl.fromBufferPromise(archive(texts, limit), { lazyEntries: true });
    const found: string[] = [];
    for await (const entry of zip.eachEntry()) {
      const stream = await zip.openReadStreamPromise(entry);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      expect(crc32(bytes)).toBe(entry.crc32);
      found.push(`${entry.fileName} ${bytes}`);
    }
    expect(found).toEqual(texts.map((text, i) => `member${i}.txt ${text}`));
  });

  test.each(python)("%s reads it", (command) => {
    writeFileSync(at("stored.zip"), archive(texts, limit));
    const script = `import zipfile; z = zipfile.ZipFile(${JSON.stringify(at("stored.zip"))}); print(z.testzip(), [z.read(n).decode() for n in z.namelist()])`;
    const { stdout, stderr } = spawnSync(command, ["-c", script], { encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: `None ['one', '', 'a longer text than that', 'last']\n`, stderr: "" });
  });
});
