import { defineConfig } from "vitest/config";

// a Redis each; most of the time goes in waiting
export default defineConfig({
  test: { include: ["test/cluster/*.test.ts"], testTimeout: 300_000, hookTimeout: 60_000, maxWorkers: 2 },
});
