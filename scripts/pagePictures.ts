/** `npm run picture`: docs/page-light.png and docs/page-dark.png, the page with the digits on a desktop and on a phone. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import UPNG from "upng-js";
import { buildPage, POLICY } from "./buildPage.ts";
import { servePage } from "./servePage.ts";

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
/** Few are needed, and a palette takes a third of the bytes. */
const COLOURS = 64;
const PICTURES = [
  { colorScheme: "light", width: 1280, height: 1000 },
  { colorScheme: "dark", width: 390, height: 1400 },
] as const;

const built = path("build/picture");
await buildPage(built);
const served = await servePage(built, { port: 0, headers: { "Content-Security-Policy": POLICY } });
const executablePath = execFileSync("which", ["chromium"], { encoding: "utf8" }).trim();
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const { colorScheme, ...viewport } of PICTURES) {
    const page = await browser.newPage({ viewport, colorScheme });
    await page.goto(served.address);
    await page.getByRole("button", { name: "Try the digits" }).click();
    await page.getByText("Done: the report is below.").waitFor();
    await page.waitForFunction(() => document.querySelectorAll("canvas").length === 4);
    const { buffer, byteOffset, byteLength } = await page.screenshot();
    const shot = UPNG.decode(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
    const picture = UPNG.encode(UPNG.toRGBA8(shot), shot.width, shot.height, COLOURS);
    writeFileSync(path(`docs/page-${colorScheme}.png`), Buffer.from(picture));
    console.log(`docs/page-${colorScheme}.png: ${shot.width} x ${shot.height}, ${picture.byteLength} bytes`);
    await page.close();
  }
} finally {
  await browser.close();
  served.close();
}
