import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** A Redis of the machine, on a port and in a folder of its own. */
export class TestRedis {
  readonly address: string;
  readonly #port: number;
  readonly #folder: string;
  readonly #password: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, password: string) {
    this.#port = port;
    this.#folder = folder;
    this.#password = password;
    this.address = `redis://${password ? `:${password}@` : ""}127.0.0.1:${port}`;
  }

  static async start(folder: string, password = ""): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), folder, password);
    await redis.start();
    return redis;
  }

  async start(): Promise<void> {
    const options = {
      bind: "127.0.0.1",
      port: String(this.#port),
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

  client(): Redis {
    const redis = new Redis(this.address, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
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
