import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Files of a key and its certificate. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A Redis of the machine, on a port and in a folder of its own. */
export class TestRedis {
  readonly address: string;
  readonly #port: number;
  readonly #folder: string;
  readonly #password: string;
  #child: ChildProcess | undefined;

  readonly #tls: Certificate | undefined;

  private constructor(port: number, folder: string, password: string, tls: Certificate | undefined) {
    this.#port = port;
    this.#folder = folder;
    this.#password = password;
    this.#tls = tls;
    this.address = `redis${tls ? "s" : ""}://${password ? `:${password}@` : ""}127.0.0.1:${port}`;
  }

  static async start(folder: string, password = "", tls?: Certificate): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), folder, password, tls);
    await redis.start();
    return redis;
  }

  async start(): Promise<void> {
    const options = {
      bind: "127.0.0.1",
      ...this.#ports(),
      dir: this.#folder,
      appendonly: "yes",
      appendfsync: "always",
      save: "",
      "maxmemory-policy": "noeviction",
      ...(this.#password ? { requirepass: this.#password } : {}),
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    this.#child = spawn("redis-server", args, { stdio: "ignore" });
    const client = this.client();
    for (;;) {
      try {
        await client.ping();
        break;
      } catch {
        await wait(50);
      }
    }
    client.disconnect();
  }

  #ports(): Record<string, string> {
    const port = String(this.#port);
    if (this.#tls === undefined) return { port };
    const { key, cert } = this.#tls;
    return { port: "0", "tls-port": port, "tls-key-file": key, "tls-cert-file": cert, "tls-auth-clients": "no" };
  }

  client(): Redis {
    const tls = this.#tls && { tls: { ca: readFileSync(this.#tls.cert) } };
    const redis = new Redis(this.address, { maxRetriesPerRequest: null, retryStrategy: () => 50, ...tls });
    redis.on("error", () => {});
    return redis;
  }

  /** Ends it as a machine that loses its power does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}
