/** `npm run picture`: docs/report.png, the report of the digits as Chromium shows it. `npm start` makes the report. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import UPNG from "upng-js";

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const WIDTH = 1160;
/** Few are needed, and a palette takes a third of the bytes. */
const COLOURS = 64;
const MOST_BYTES = 100_000;

const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 800 }, colorScheme: "light" });
  await page.goto(pathToFileURL(path("digits/report.html")).href);
  const { buffer, byteOffset, byteLength } = await page.screenshot({ fullPage: true });
  const shot = UPNG.decode(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
  const picture = UPNG.encode(UPNG.toRGBA8(shot), shot.width, shot.height, COLOURS);
  if (picture.byteLength > MOST_BYTES)
    throw new Error(`the picture has ${picture.byteLength} bytes, but at most ${MOST_BYTES} are wanted`);
  writeFileSync(path("docs/report.png"), Buffer.from(picture));
  console.log(
    `docs/report.png: ${shot.width} x ${shot.height}, ${picture.byteLength} bytes, was ${readFileSync(path("docs/report.png")).length}`,
  );
} finally {
  await browser.close();
}
