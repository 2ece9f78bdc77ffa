import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";

/** A Redis of its own, set as docs/cluster.md says. */
export class BenchRedis {
  readonly address: string;
  readonly client: Redis;
  readonly #child: ChildProcess;

  private constructor(address: string, client: Redis, child: ChildProcess) {
    this.address = address;
    this.client = client;
    this.#child = child;
  }

  static async start(folder: string): Promise<BenchRedis> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    const args = ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, "--appendonly", "yes", "--save", ""];
    const child = spawn("redis-server", args, { stdio: "ignore" });
    const address = `redis://127.0.0.1:${port}`;
    const client = new Redis(address, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
    client.on("error", () => {});
    while ((await client.ping()) !== "PONG") await wait(50);
    return new BenchRedis(address, client, child);
  }

  /** A figure of INFO. */
  async info(name: string): Promise<number> {
    return Number(new RegExp(`^${name}:(.*?)\r?$`, "m").exec(await this.client.info())?.[1]);
  }

  end(): void {
    this.client.disconnect();
    this.#child.kill();
  }
}
