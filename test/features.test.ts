import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { losesStack } from "../src/module/features.ts";

const INDEX = JSON.stringify(new URL("../dist/index.js", import.meta.url).href);

/** What an engine says of relaxed: true, in a process with these flags of V8; `wasm` is its option. */
function relaxedWith(flags: string[], wasm = "undefined"): [boolean, string[]] {
  const script = `
    import { setFlagsFromString } from "node:v8";
    import { createLosses } from ${INDEX};
    setFlagsFromString("--experimental-wasm-relaxed-simd");
    const { relaxed, notes } = await createLosses({ relaxed: true, wasm: ${wasm} });
    console.log(JSON.stringify([relaxed, notes]));`;
  const args = [...flags, "--input-type=module", "--eval", script];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
}

test("relaxed kernels run where multiply-add is fused, and nowhere else", () => {
  // of a machine without it relaxed multiply-add rounds twice
  const without = [false, ["relaxed: this machine has no fused multiply-add; the strict kernels run."]];
  for (const wasm of ["undefined", `new URL("relaxed.wasm", ${INDEX})`]) {
    expect(relaxedWith(["--no-enable-fma3"], wasm)).toEqual(without);
    const found = relaxedWith([], wasm);
    expect(found).toEqual(found[0] ? [true, []] : without);
  }
});

const webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version";

test.each([
  [true, `Mozilla/5.0 (X11; Linux x86_64) ${webkit}/26.0 Safari/605.1.15`],
  [true, `Mozilla/5.0 (Wayland; Linux x86_64) ${webkit}/26.0 Safari/605.1.15`],
  [false, `Mozilla/5.0 (X11; Linux aarch64) ${webkit}/26.0 Safari/605.1.15`],
  [false, `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit}/26.0 Safari/605.1.15`],
  [false, `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) ${webkit}/26.0 Mobile/15E148 Safari/604.1`],
  [false, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"],
  [
    false,
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
  ],
  [false, "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"],
  [false, "Node.js/22"],
  [false, "Bun/1.4.5"],
  [false, "Deno/2.9.6"],
  [false, ""],
])("losesStack is %s for %s", (loses, userAgent) => expect(losesStack(userAgent)).toBe(loses));
