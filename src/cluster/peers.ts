import type * as Bullmq from "bullmq";
import type { Redis, RedisOptions } from "ioredis";

/** The packages that a cluster needs, which only it loads. */
export interface Peers {
  readonly bullmq: typeof Bullmq;
  readonly Redis: typeof Redis;
}

/** Loads them, or says how they are installed. */
export async function loadPeers(): Promise<Peers> {
  try {
    const [bullmq, ioredis] = await Promise.all([import("bullmq"), import("ioredis")]);
    return { bullmq, Redis: ioredis.Redis };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error("cluster needs two packages that are not installed: npm install bullmq ioredis");
  }
}

/** An address as it may be shown: without user and password. */
export function shownAddress(address: string): string {
  try {
    const { protocol, host, pathname } = new URL(address);
    return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
  } catch {
    return "the address of --redis";
  }
}

/** How long one that asks waits for Redis before it says that there is none. */
const CONNECT_MILLISECONDS = 5000;
const LONGEST_WAIT_MILLISECONDS = 2000;

/** What one that asks and goes is connected with: it fails at once where Redis is not there. */
export const ASKING: RedisOptions = {
  lazyConnect: true,
  connectTimeout: CONNECT_MILLISECONDS,
  maxRetriesPerRequest: 1,
  retryStrategy: () => null,
};

/** What one that stays is connected with: it waits for Redis to come back. */
export const STAYING: RedisOptions = {
  maxRetriesPerRequest: null,
  retryStrategy: (times) => Math.min(100 * times, LONGEST_WAIT_MILLISECONDS),
};

/** A connection that stands; an error of one line, without the password, where Redis is not there. */
export async function connect({ Redis }: Peers, address: string, options: RedisOptions): Promise<Redis> {
  const redis = new Redis(address, { ...options, lazyConnect: true });
  let last = "no answer";
  redis.on("error", (error: Error) => {
    last = error.message;
  });
  try {
    await redis.connect();
    await redis.ping();
    return redis;
  } catch (error) {
    redis.disconnect();
    const reason = error instanceof Error && !/closed|retries/i.test(error.message) ? error.message : last;
    throw new Error(`Redis at ${shownAddress(address)}: ${reason}`);
  }
}
