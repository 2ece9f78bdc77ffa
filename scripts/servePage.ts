/** A folder of static files on loopback, with the headers that shared memory needs, or as a host without them. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

const ISOLATED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

interface Serving {
  /** 0: any that is free. */
  readonly port: number;
  /** Where the folder stands: `/` or a path below, `/some/path/`. */
  readonly base?: string;
  /** Whether pages may share memory. */
  readonly isolated?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Served {
  readonly address: string;
  close(): void;
}

export async function servePage(folder: string, serving: Serving): Promise<Served> {
  const { port, base = "/", isolated = true, headers = {} } = serving;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const name = normalize(decodeURIComponent(pathname.slice(base.length)) || "index.html");
    const fixed = { ...headers, ...(isolated ? ISOLATED : {}) };
    try {
      if (!pathname.startsWith(base) || name.startsWith("..") || request.method !== "GET") throw new Error("not there");
      const body = await readFile(join(folder, name));
      const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
      response.writeHead(200, { ...fixed, "Content-Type": type, "Cache-Control": "no-cache" }).end(body);
    } catch {
      response.writeHead(404, fixed).end();
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
