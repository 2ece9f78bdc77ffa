import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A browser that can be opened at a page; each time with an empty profile. */
export interface Browser {
  readonly name: string;
  /** Its version, or undefined where it is not installed. */
  readonly version: string | undefined;
  /** Memory can be shared here by isolated pages. */
  readonly shares: boolean;
  /** Opens a page; the function returned ends the browser. */
  open(url: string): () => Promise<void>;
}

function output(command: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

const find = (...names: string[]) => names.map((name) => output("which", name)).find(Boolean);

/** A process group of its own, that is ended as a whole. */
function start(
  command: string,
  args: string[],
  profile: string,
  env: Record<string, string> = {},
): () => Promise<void> {
  const child: ChildProcess = spawn(command, args, {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, HOME: profile, ...env },
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.once("error", () => {});
  return async () => {
    if (child.pid !== undefined && child.exitCode === null) {
      process.kill(-child.pid, "SIGKILL");
      await ended;
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
}

const newProfile = () => mkdtempSync(join(tmpdir(), "wasm-loss-browser-"));

/** Where Chromium is; undefined where it is not installed. */
export const chromium = find("chromium", "chromium-browser", "google-chrome");
const firefox = find("firefox-esr", "firefox");
const xvfb = find("xvfb-run");
const miniBrowser = [
  "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
].find((path) => existsSync(path));

const FIREFOX_PREFERENCES = `
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("app.update.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("services.settings.server", "");
user_pref("dom.max_script_run_time", 0);
`;

export const BROWSERS: readonly Browser[] = [
  {
    name: "Chromium",
    version: chromium && output(chromium, "--version"),
    shares: true,
    open(url) {
      const profile = newProfile();
      const quiet = [
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ];
      const headless = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        `--user-data-dir=${profile}`,
      ];
      return start(chromium!, [...headless, ...quiet, "--remote-debugging-port=0", url], profile);
    },
  },
  {
    name: "Firefox",
    version: firefox && output(firefox, "--version"),
    shares: true,
    open(url) {
      const profile = newProfile();
      writeFileSync(join(profile, "user.js"), FIREFOX_PREFERENCES);
      return start(firefox!, ["--headless", "--no-remote", "--profile", profile, url], profile);
    },
  },
  {
    name: "WebKitGTK",
    version: xvfb && miniBrowser && output(xvfb, "-a", miniBrowser, "--version"),
    shares: false,
    open(url) {
      const profile = newProfile();
      return start(xvfb!, ["-a", miniBrowser!, url], profile, {
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
        WEBKIT_DISABLE_COMPOSITING_MODE: "1",
        LIBGL_ALWAYS_SOFTWARE: "1",
        // compiles where it runs, and so sends itself no signals meanwhile: they overwrite what WebAssembly has on the stack,
        // see losesStack
        JSC_useConcurrentJIT: "0",
      });
    },
  },
];
