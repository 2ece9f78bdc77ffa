// Each stand-in has what the module has that it stands for, as far as the command line uses it: checked by the compiler alone.
import type * as path from "node:path";
import type * as cliEngineName from "../../src/cli/engineName.ts";
import type * as cliFiles from "../../src/cli/files.ts";
import type * as cliPageScript from "../../src/cli/pageScript.ts";
import type * as cliProgress from "../../src/cli/progress.ts";
import type * as cliPage from "../../src/cli/report/page.ts";
import type * as cliPlotting from "../../src/cli/report/plotting.ts";
import type * as cliVersion from "../../src/cli/version.ts";
import type * as cliWarn from "../../src/cli/warn.ts";
import * as engineName from "./engineName.ts";
import * as files from "./files.ts";
import * as nodePath from "./nodePath.ts";
import * as pageScript from "./pageScript.ts";
import * as plotting from "./plotting.ts";
import * as progress from "./progress.ts";
import * as reportPage from "./reportPage.ts";
import * as version from "./version.ts";
import * as warn from "./warn.ts";

engineName satisfies typeof cliEngineName;
files satisfies typeof cliFiles;
pageScript satisfies typeof cliPageScript;
plotting satisfies typeof cliPlotting;
progress satisfies typeof cliProgress;
reportPage satisfies typeof cliPage;
version satisfies typeof cliVersion;
warn satisfies typeof cliWarn;
nodePath satisfies Pick<typeof path, "basename">;
