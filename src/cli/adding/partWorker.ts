// A thread that adds up parts of files, with an engine of its own. What it is told comes as a message: it may be started before.
import { once } from "node:events";
import { parentPort } from "node:worker_threads";
import { createLosses } from "../ownLosses.ts";
import { type Helped, PartAdder } from "./plan.ts";
import { type Report, reportOf } from "./report.ts";

const [{ plan, thread }] = (await once(parentPort!, "message")) as [Helped];
const losses = await createLosses({ ...plan.engine, threads: 1 });
const own = new PartAdder(losses, plan, thread, () => {});
const failure = await own.addAll();
const report: Report = reportOf(own, losses.notes, failure);
parentPort!.postMessage(report);
