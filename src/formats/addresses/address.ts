/** What an address means: where it is asked for, with what headers, and what it is called in messages. For Node. */
import { FormatError } from "../error.ts";
import { isAddress } from "./schemes.ts";

/** A file that is read over the network. */
export interface Address {
  readonly url: URL;
  /** As messages call it: without what a token could be in. */
  readonly name: string;
  /** The header that holds a request to the version that was seen first, in which an ETag goes. */
  readonly held: "If-Range" | "If-Match";
  /** The headers of a request, with what proves who asks; only the address's own host is sent them. */
  sign(headers: Headers, request?: SignedRequest): Promise<Record<string, string>>;
}

type Headers = Readonly<Record<string, string>>;

/** What else than to read the address is asked for. */
export interface SignedRequest {
  readonly url: URL;
  readonly method: "GET" | "PUT";
}

type Environment = Readonly<Record<string, string | undefined>>;

/** An address without user, password, query and fragment; any other text as it is. */
export function withoutSecrets(text: string): string {
  if (!isAddress(text)) return text;
  if (!/^http/i.test(text)) return text.replace(/[?#].*$/s, "").replace(/^(\w+:\/\/)[^/@]*@/, "$1");
  const url = parsed(text);
  return url === null ? text.replace(/:\/\/.*$/s, "://...") : `${url.origin}${url.pathname}`;
}

/** Hosts that are this machine. */
export const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/** Whether an address holds what everybody who reads it could use, or may: a user, a password, a query, a fragment. */
export function holdsSecrets(text: string): boolean {
  if (!isAddress(text)) return false;
  if (!/^http/i.test(text)) return withoutSecrets(text) !== text;
  const { username = "?", password, search, hash } = parsed(text) ?? {};
  return `${username}${password}${search}${hash}` !== "";
}

/** The text as a URL that may be asked: encrypted, or on this machine. */
export function checkedUrl(text: string, name: string): URL {
  const url = parsed(text);
  if (url === null) throw new FormatError(`${name}: no address that can be read`);
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))) return url;
  throw new FormatError(`${name}: only https:// is read (http:// on this machine alone)`);
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/** A path as S3 signs it: all but RFC 3986's unreserved letters in percents. */
const encoded = (path: string) =>
  encodeURIComponent(path)
    .replace(/[!'()*]/g, (it) => `%${it.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", "/");

function overHttps(text: string): Address {
  const name = withoutSecrets(text);
  const url = checkedUrl(text, name);
  const { username, password } = url;
  // fetch takes no address with them
  url.username = "";
  url.password = "";
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const own: Record<string, string> =
    username === "" ? {} : { Authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
  return { url, name, held: "If-Range", sign: async (headers) => ({ ...headers, ...own }) };
}

/**
 * s3://BUCKET/KEY, with the keys, the region and the endpoint of the usual environment; without keys unsigned, as public buckets
 * are read.
 */
function onS3(text: string, env: Environment): Address {
  const name = withoutSecrets(text);
  const [, bucket, key] = /^s3:\/\/([^/?#]+)\/([^?#]+)$/i.exec(text) ?? [];
  if (key === undefined) throw new FormatError(`${name}: must be s3://BUCKET/KEY`);
  return inBucket(name, bucket, key, env);
}

/** A key of a bucket; without one the bucket itself. */
export function inBucket(name: string, bucket: string, key: string, env: Environment = process.env): Address {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "us-east-1";
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  // names with points are in no certificate
  const host = bucket.includes(".") ? `s3.${region}.amazonaws.com/${bucket}` : `${bucket}.s3.${region}.amazonaws.com`;
  const base = endpoint === undefined ? `https://${host}` : `${endpoint.replace(/\/+$/, "")}/${bucket}`;
  const url = checkedUrl(`${base}/${encoded(key)}`, name);
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  return {
    url,
    name,
    held: "If-Match",
    async sign(headers, { url: asked, method } = { url, method: "GET" }) {
      if (accessKeyId === undefined || secretAccessKey === undefined) return { ...headers };
      const { AwsV4Signer } = await import("aws4fetch");
      const keys = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
      // fetch adds to this one
      const { "Accept-Encoding": coding, ...rest } = headers;
      const request = { url: asked.href, method, headers: rest, service: "s3", region, ...keys };
      const signed = await new AwsV4Signer(request).sign();
      return { ...Object.fromEntries(signed.headers), ...(coding !== undefined && { "Accept-Encoding": coding }) };
    },
  };
}

/** hf://datasets/USER/REPO[@REVISION]/PATH, or without datasets/ of a model, with HF_TOKEN and HF_ENDPOINT of the environment. */
function onHub(text: string, env: Environment): Address {
  const name = withoutSecrets(text);
  const pattern =
    /^hf:\/\/(?:(datasets|spaces|models)\/)?((?!(?:datasets|spaces|models)\/)[^/@?#]+\/[^/@?#]+)(?:@([^/?#]+))?\/([^?#]+)$/i;
  const [, kind = "models", repository, revision = "main", path] = pattern.exec(text) ?? [];
  if (path === undefined) throw new FormatError(`${name}: must be hf://datasets/USER/REPOSITORY[@REVISION]/PATH`);
  const endpoint = (env.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/+$/, "");
  const folder = kind === "models" ? "" : `${kind}/`;
  const url = checkedUrl(
    `${endpoint}/${folder}${repository}/resolve/${encodeURIComponent(decodeURIComponent(revision))}/${encoded(path)}`,
    name,
  );
  const token = env.HF_TOKEN;
  const own: Record<string, string> = token === undefined || token === "" ? {} : { Authorization: `Bearer ${token}` };
  return { url, name, held: "If-Range", sign: async (headers) => ({ ...headers, ...own }) };
}

/** @throws FormatError of what is no address that is read */
export function addressOf(text: string, env: Environment = process.env): Address {
  if (/^s3:/i.test(text)) return onS3(text, env);
  return /^hf:/i.test(text) ? onHub(text, env) : overHttps(text);
}
