/** A server on loopback that speaks as much of S3 as states and inputs need, and refuses what is not signed. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { signatureOf } from "./addressServer.ts";

/** A list names so many keys at a time. */
const PAGE = 3;

const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

export async function bucketServer(secret: string) {
  /** By their paths, /BUCKET/KEY. */
  const objects = new Map<string, Buffer>();
  const asked: { method: string; url: string; status: number }[] = [];
  /** The next requests are answered so. */
  const faults: number[] = [];

  function list(bucket: string, query: URLSearchParams): string {
    const prefix = `/${bucket}/${query.get("prefix") ?? ""}`;
    const after = query.get("continuation-token") ?? "";
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const page = keys.slice(0, PAGE);
    const contents = page.map((key) => `<Contents><Key>${escaped(key.slice(bucket.length + 2))}</Key></Contents>`);
    const next = keys.length > PAGE ? `<NextContinuationToken>${escaped(page.at(-1)!)}</NextContinuationToken>` : "";
    return `<?xml version="1.0"?><ListBucketResult>${contents.join("")}${next}</ListBucketResult>`;
  }

  function answer(request: IncomingMessage, body: Buffer, response: ServerResponse): number {
    const { method = "", url = "", headers } = request;
    const end = (status: number, content: Buffer | string = "", more = {}) => {
      response.writeHead(status, { "content-length": Buffer.byteLength(content), ...more }).end(content);
      return status;
    };
    const fault = faults.shift();
    if (fault !== undefined) return end(fault);
    const hash = headers["x-amz-content-sha256"];
    const isWhole = hash === "UNSIGNED-PAYLOAD" || hash === createHash("sha256").update(body).digest("hex");
    const isSigned = headers.authorization?.endsWith(`Signature=${signatureOf({ method, url, headers }, secret)}`);
    if (!isSigned || !isWhole) return end(403, "<Error><Message>The signature is not right</Message></Error>");
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const path = decodeURIComponent(pathname);
    if (searchParams.get("list-type") === "2") return end(200, list(path.split("/")[1], searchParams));
    const object = objects.get(path);
    if (method === "PUT") {
      if (object && headers["if-none-match"] === "*") return end(412);
      objects.set(path, body);
      return end(200);
    }
    if (object === undefined) return end(404);
    const etag = `"${createHash("md5").update(object).digest("hex")}"`;
    if (headers["if-match"] !== undefined && headers["if-match"] !== etag) return end(412);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    if (first === undefined) return end(200, object, { etag });
    const part = object.subarray(Number(first), Number(last) + 1);
    const range = `bytes ${first}-${Number(first) + part.length - 1}/${object.length}`;
    return end(206, part, { etag, "content-range": range });
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const status = answer(request, Buffer.concat(chunks), response);
    asked.push({ method: request.method!, url: request.url!, status });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, objects, asked, faults };
}
