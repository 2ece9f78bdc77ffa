import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { main } from "../command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("npm start ends with the full table of the digits, and writes the report", { timeout: 600_000 }, () => {
  rmSync(`${root}/digits`, { recursive: true, force: true });
  const run = (command: string, ...args: string[]) => spawnSync(command, args, { cwd: root, encoding: "utf8" });
  const { status, stdout } = run("npm", "start");
  expect(status).toBe(0);
  const table = stdout.slice(stdout.indexOf("\nloss "));
  const names = ["loss", "standard error", "perplexity", "bits per row", "accuracy", "top-5", "top-10"];
  names.push("reciprocal rank", "entropy", "Brier score", "calibration error", "rows", "classes", "backend", "speed");
  for (const name of names) expect(table).toMatch(new RegExp(`^${name} {2,}\\S`, "m"));
  const { stdout: json } = run(process.execPath, main, "evaluate", "digits/logits.npy", "digits/labels.npy", "--json");
  const { accuracy, calibration } = JSON.parse(json);
  expect(table).toMatch(
    new RegExp(`^accuracy +${(100 * accuracy).toFixed(2)} % \\(95 %: \\d+\\.\\d\\d % to \\d+\\.\\d\\d %\\)$`, "m"),
  );
  // and once more from a csv file, with the same figures; where the time went is the end
  const tables = stdout.split(/^\$ node .*$/m).slice(1);
  const figures = (text: string) =>
    text.split("\n").filter((line) => /^[A-Za-z].* {2}/.test(line) && !/^speed/.test(line));
  expect(figures(tables[1])).toEqual(figures(tables[0]).filter((line) => !/^ *row /.test(line)));
  // both commands print what docs/command-line.md shows
  const shown = readFileSync(`${root}/docs/command-line.md`, "utf8").matchAll(
    /^```\n\$ npx wasm-loss (.*)\n([\s\S]*?)^```$/gm,
  );
  const commands = [...stdout.matchAll(/^\$ node dist\/cli\/main\.js (.*)$/gm)].map(([, command]) => command);
  const inDocs = [...shown].map(([, command, text]) => {
    const printed = tables[commands.indexOf(command)].replace(/^speed .*\n/m, "");
    expect(printed, command).toContain(text.trimEnd());
    return command.split(" ")[0];
  });
  expect(inDocs).toEqual(["evaluate", "compare"]);
  expect(stdout).toMatch(/\nWhere the time went:\n(?: +\d+\.\d\d s {2}\S.*\n)+$/);
  const html = readFileSync(`${root}/digits/report.html`, "utf8");
  const data = JSON.parse(/<script type="application\/json" id="evaluation">(.*?)<\/script>/s.exec(html)![1]);
  expect(data).toMatchObject({ accuracy, calibration });
});
