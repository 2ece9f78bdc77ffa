/** Buckets of S3 as folders: what is in them, and what is put there. For Node. */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { FormatError } from "../error.ts";
import { type Address, addressOf, inBucket, type SignedRequest, withoutSecrets } from "./address.ts";
import { PATIENCE, type Patience, reasonOf, retryAfter } from "./transfer.ts";

/** A request, asked again where the network or the server fails; the response is one of `accepted`. */
async function ask(
  address: Address,
  request: SignedRequest,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | undefined,
  accepted: readonly number[],
  { failures: most, milliseconds, silence }: Patience,
): Promise<{ status: number; body: Buffer }> {
  for (let failures = 1; ; failures++) {
    let reason: string;
    let wait = milliseconds * 2 ** (failures - 1);
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers: await address.sign(headers, request),
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
        redirect: "manual",
        signal: AbortSignal.timeout(silence),
      });
      const { status, statusText } = response;
      const content = Buffer.from(await response.arrayBuffer());
      if (accepted.includes(status)) return { status, body: content };
      reason = `the server answers ${status}${statusText && ` ${statusText}`}`;
      const isPassing = [408, 409, 425, 429].includes(status) || status >= 500;
      if (!isPassing) throw new FormatError(`${address.name}: ${reason}${sentenceOf(content.toString())}`);
      wait = Math.max(wait, retryAfter(response));
    } catch (error) {
      if (error instanceof FormatError) throw error;
      reason = reasonOf(error);
    }
    if (failures > most) throw new FormatError(`${address.name}: ${reason} (${failures} times in a row)`);
    await sleep(wait);
  }
}

/** What S3 says of an error, in brackets. */
function sentenceOf(xml: string): string {
  const [, message] = /<Message>([^<]{1,200})<\/Message>/.exec(xml) ?? [];
  return message === undefined ? "" : ` (${message})`;
}

/**
 * Puts a file into a bucket, which is there as a whole or not at all; false where one is there already and is not to be replaced.
 *
 * @throws FormatError where the server refuses, or fails too often
 */
export async function putFile(
  text: string,
  bytes: Uint8Array,
  { replace = true, patience = PATIENCE }: { replace?: boolean; patience?: Patience } = {},
): Promise<boolean> {
  const address = addressOf(text);
  const headers = {
    "X-Amz-Content-Sha256": createHash("sha256").update(bytes).digest("hex"),
    "Content-Type": "application/octet-stream",
    ...(replace ? {} : { "If-None-Match": "*" }),
  };
  const request = { url: address.url, method: "PUT" as const };
  const { status } = await ask(address, request, headers, bytes, replace ? [200] : [200, 412], patience);
  return status === 200;
}

/**
 * A small file of a bucket as a whole; undefined where there is none.
 *
 * @throws FormatError where the server refuses, or fails too often
 */
export async function getFile(text: string, patience: Patience = PATIENCE): Promise<Uint8Array | undefined> {
  const address = addressOf(text);
  const request = { url: address.url, method: "GET" as const };
  const { status, body } = await ask(address, request, {}, undefined, [200, 404], patience);
  return status === 200 ? body : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const unescaped = (xml: string) =>
  xml.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) =>
    name === undefined
      ? String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10))
      : (ENTITIES[name] ?? all),
  );

/**
 * The addresses in a bucket that begin so, in the order of their letters.
 * Source: Amazon S3's API reference, ListObjectsV2.
 *
 * @throws FormatError where the server refuses, or fails too often
 */
export async function filesInBucket(text: string, patience: Patience = PATIENCE): Promise<string[]> {
  const [, bucket, prefix = ""] = /^s3:\/\/([^/?#]+)(?:\/([^?#]*))?$/i.exec(text) ?? [];
  const name = withoutSecrets(text);
  if (bucket === undefined) throw new FormatError(`${name}: must be s3://BUCKET/PREFIX`);
  const address = inBucket(name, bucket, "");
  const found: string[] = [];
  for (let token: string | undefined; ; ) {
    const url = new URL(address.url);
    url.search = new URLSearchParams({
      ...(token === undefined ? {} : { "continuation-token": token }),
      "list-type": "2",
      prefix,
    })
      .toString()
      .replaceAll("+", "%20");
    const { body } = await ask(address, { url, method: "GET" }, {}, undefined, [200], patience);
    const xml = body.toString();
    for (const [, key] of xml.matchAll(/<Key>([^<]*)<\/Key>/g)) found.push(`s3://${bucket}/${unescaped(key)}`);
    token = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(xml)?.[1];
    if (token === undefined) return found;
    token = unescaped(token);
  }
}
