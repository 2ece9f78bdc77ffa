import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Memory can be shared by pages with these. */
const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};
const withPolicy = (policy: string) => ({ ...ISOLATED, "Content-Security-Policy": policy });

/** The same files under several folders, with the headers of each. */
const FOLDERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  isolated: ISOLATED,
  policy: withPolicy(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; base-uri 'none'",
  ),
  self: withPolicy("script-src 'self'"),
  wasm: withPolicy("script-src 'self' 'wasm-unsafe-eval'"),
  noWorker: withPolicy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'"),
  blobWorker: withPolicy("script-src 'self' 'wasm-unsafe-eval'; worker-src blob:"),
  trusted: withPolicy("require-trusted-types-for 'script'"),
  offline: withPolicy("connect-src 'none'"),
  // of no origin: its scripts come from another one
  sandbox: {
    ...withPolicy("sandbox allow-scripts"),
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
  },
};
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  wasm: "application/wasm",
  css: "text/css",
};

/** Serves files to this machine, and takes the reports of their pages. */
export interface PageServer {
  readonly address: string;
  /** The body of the next report with these search parameters; `onBeat` gets what the page says of its way there. */
  report(search: string, onBeat?: (body: string) => void): Promise<string>;
  close(): void;
}

export async function serve(files: ReadonlyMap<string, string | Uint8Array>): Promise<PageServer> {
  type Take = ((body: string) => void) | undefined;
  const waiting = new Map<string, Readonly<Record<string, Take>>>();
  const server: Server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url!, "http://localhost");
    const [, folder, ...rest] = pathname.split("/");
    const headers = FOLDERS[folder];
    const name = rest.join("/");
    if (headers !== undefined && request.method === "POST") {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        response.writeHead(204, headers).end();
        waiting.get(search)?.[name]?.(Buffer.concat(chunks).toString());
      });
      return;
    }
    const body = files.get(name);
    if (headers === undefined || body === undefined) {
      response.writeHead(404, headers).end();
      return;
    }
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "Content-Type": type, "Cache-Control": "no-store" }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    report: (search, onBeat) => new Promise((report) => waiting.set(search, { report, beat: onBeat })),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
