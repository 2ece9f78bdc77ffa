import { defineConfig } from "vitest/config";

// one file at a time: a Redis each
export default defineConfig({
  test: { include: ["test/cluster/*.test.ts"], testTimeout: 300_000, hookTimeout: 60_000, fileParallelism: false },
});
