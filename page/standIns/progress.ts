import { host } from "./host.ts";

export interface Progress {
  update(done: number): void;
  stop(): void;
}

export async function progressBar(total: number, unit: string): Promise<Progress> {
  const tell = (done: number) => host.onProgress({ done, total, unit });
  tell(0);
  return { update: tell, stop() {} };
}
