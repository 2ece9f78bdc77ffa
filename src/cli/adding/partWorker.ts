// A thread that adds up parts of files, with an engine of its own.
import { parentPort, workerData } from "node:worker_threads";
import { createLosses } from "../../inlinedLosses.ts";
import { PartAdder, type Plan } from "./plan.ts";
import { type Report, reportOf } from "./report.ts";

const { plan, thread } = workerData as { plan: Plan; thread: number };
const losses = await createLosses({ ...plan.engine, threads: 1 });
const own = new PartAdder(losses, plan, thread, () => {});
const failure = await own.addAll();
const report: Report = reportOf(own, losses.notes, failure);
parentPort?.postMessage(report);
