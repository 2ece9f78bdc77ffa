/** A server on loopback that sends one file, and misbehaves as it is told. */
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export interface Behaviour {
  /** What becomes of a request, by its number: "reset" and "cut" end it in its body, a number is a status. */
  readonly faults?: readonly ("reset" | "cut" | "stall" | number | undefined)[];
  /** Whole files only. */
  readonly noRanges?: boolean;
  readonly noLength?: boolean;
  /** The ETag of a request, by its number. */
  readonly tag?: (request: number) => string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Where requests are sent to. */
  readonly redirect?: string;
  /** Answers a request itself. */
  readonly refuse?: (request: IncomingMessage) => number | undefined;
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

export async function addressServer() {
  const files = new Map<string, Buffer>();
  let behaviour: Behaviour = {};
  const asked: Asked[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const number = asked.length;
    asked.push({ method: request.method!, url: request.url!, headers: request.headers });
    const { faults = [], noRanges, noLength, tag = () => '"1"', headers = {}, redirect, refuse } = behaviour;
    const fault = faults[number];
    const refused = typeof fault === "number" ? fault : refuse?.(request);
    if (refused !== undefined) return response.writeHead(refused, headers).end("no");
    if (redirect !== undefined) return response.writeHead(302, { location: redirect + request.url }).end();
    const file = files.get(decodeURIComponent(request.url!.split("?")[0]));
    if (file === undefined) return response.writeHead(404).end("no");
    const etag = tag(number);
    const all: Record<string, string | number> = { ...headers, ...(etag !== undefined && { etag }) };
    const condition = request.headers["if-range"];
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const isPart = first !== undefined && !noRanges && (condition === undefined || condition === etag);
    if (isPart && Number(first) >= file.length) {
      return response.writeHead(416, { ...all, "content-range": `bytes */${file.length}` }).end();
    }
    const begin = isPart ? Number(first) : 0;
    const end = isPart && last !== "" ? Math.min(Number(last) + 1, file.length) : file.length;
    if (isPart) all["content-range"] = `bytes ${begin}-${end - 1}/${file.length}`;
    if (!noLength) all["content-length"] = end - begin;
    response.writeHead(isPart ? 206 : 200, all);
    if (fault === "stall") return response.write(file.subarray(begin, begin + 1));
    if (fault === undefined) return response.end(file.subarray(begin, end));
    response.write(file.subarray(begin, begin + Math.floor((end - begin) / 2)), () => {
      if (fault === "reset") request.socket.resetAndDestroy();
      else request.socket.end();
    });
    return undefined;
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    /** Sends these bytes as of now, and forgets what was asked. */
    serve(path: string, file: Uint8Array, how: Behaviour = {}): string {
      files.set(path, Buffer.from(file));
      behaviour = how;
      asked.length = 0;
      return `http://127.0.0.1:${port}${path}`;
    },
  };
}

/**
 * The signature of a request to S3, worked out from its headers by the published steps.
 * Source: AWS Signature Version 4, "Create a signed AWS API request".
 */
export function signatureOf({ method, url, headers }: Asked, secret: string): string {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const { authorization = "" } = headers;
  const [, scope, signed] = /Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const [date, region, service] = scope.split("/");
  const canonical = signed.split(";").map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const [path, query = ""] = url.split("?");
  const request = [
    method,
    path,
    query.split("&").sort().join("&"),
    canonical.join(""),
    signed,
    headers["x-amz-content-sha256"],
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hash(request)].join("\n");
  const key = [region, service, "aws4_request"].reduce(hmac, hmac(`AWS4${secret}`, date));
  return hmac(key, text).toString("hex");
}
