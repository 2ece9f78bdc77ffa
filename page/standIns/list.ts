// Which module stands in for which when the command line is bundled for a page (scripts/buildPage.ts).

/** Modules of src/, by their paths in it, that speak to Node or to a terminal, or that no evaluation calls. */
export const MODULES: Readonly<Record<string, string>> = {
  "cli/adding/shareOut.ts": "shareOut.ts",
  "cli/engineName.ts": "engineName.ts",
  "cli/files.ts": "files.ts",
  "cli/ownLosses.ts": "ownLosses.ts",
  "cli/pageScript.ts": "pageScript.ts",
  "cli/progress.ts": "progress.ts",
  "cli/report/page.ts": "reportPage.ts",
  "cli/report/plotting.ts": "plotting.ts",
  "cli/report/style.ts": "style.ts",
  "cli/rowsOut/rowsFile.ts": "rowsFile.ts",
  "cli/version.ts": "version.ts",
  "cli/warn.ts": "warn.ts",
  "evaluate/comparison/comparer.ts": "comparer.ts",
  "formats/addresses/bucket.ts": "bucket.ts",
  "formats/openSource.ts": "openSource.ts",
  "formats/place.ts": "place.ts",
};

/** Packages and modules of Node, as far as the rest of the command line uses them. */
export const PACKAGES: Readonly<Record<string, string>> = {
  "node:fs": "nodeFs.ts",
  "node:path": "nodePath.ts",
  "node:util": "nodeUtil.ts",
};
