/**
 * Two threads against one, and what a launch costs: `npx tsx bench/threads.ts [regular expression]`.
 *
 * Both engines are called in turn, a few calls each, and a turn in which other processes were at work is left out
 * (Linux): two threads can only be timed where there are two free cores. Prints medians, and quartiles of the ratio.
 */
import { readFileSync } from "node:fs";
import { Pool } from "../src/backends/threads/pool.ts";
import { withSharedMemory } from "../src/backends/threads/sharedMemory.ts";
import { createThreads, TUNING } from "../src/backends/threads/threads.ts";
import { createPlans } from "../src/backends/wasm/plan.ts";
import { createLaunch } from "../src/backends/wasm/windows.ts";
import { softmax } from "../src/generated/kernels.ts";
import { createLosses, type Losses } from "../src/index.node.ts";
import { ARENA } from "../src/memory/map.ts";
import { inlinedModule } from "../src/module/inlined.ts";
import { compile, createMemory } from "../src/module/load.ts";
import { elsewhere } from "./elsewhere.ts";

const filter = new RegExp(process.argv[2] ?? ".");
const TURNS = 25;
/** Calls of one engine until the other one's turn; a turn of both. */
const CALLS = 4;
const TURN_MILLISECONDS = 50;
const PATIENCE_MILLISECONDS = Number(process.env.PATIENCE ?? 10) * 1000;

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
}
const floats = (n: number) => new Float32Array(n).map(() => 10 * random() - 5);
const quantile = (v: number[], q: number) => [...v].sort((a, b) => a - b)[Math.floor((v.length - 1) * q)];

/** Processor time of the machine's other processes so far, in milliseconds; 0 where that can't be told. */
function foreignMilliseconds(): number {
  try {
    const [user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "utf8").split(/\s+/).slice(1).map(Number);
    const own = process.cpuUsage();
    return 10 * (user + nice + system + irq + softirq) - (own.user + own.system) / 1000;
  } catch {
    return 0;
  }
}

type Call = () => number | Float32Array | { loss: number };
interface Case {
  name: string;
  make(losses: Losses): Call;
}

function cases(): Case[] {
  const list: Case[] = [];
  const inArena = <A extends Float32Array | Int32Array>(losses: Losses, array: A): A => {
    const view = losses.alloc(array.constructor as Float32ArrayConstructor, array.length);
    view.set(array);
    return view as A;
  };
  for (const resident of [true, false]) {
    const kind = resident ? "resident" : "staged";
    const place = <A extends Float32Array | Int32Array>(losses: Losses, array: A) =>
      resident ? inArena(losses, array) : array;
    for (const [rows, classes] of [
      [32, 50257],
      [1000, 1000],
      [100000, 10],
    ]) {
      const x = floats(rows * classes);
      const y = new Int32Array(rows).map(() => Math.floor(random() * classes));
      const shape = `${rows}x${classes}, ${kind}`;
      const own = (losses: Losses) => ({ x: place(losses, x), y: place(losses, y), out: place(losses, x.slice()) });
      list.push({
        name: `cross-entropy ${shape}`,
        make: (losses) => {
          const { x, y } = own(losses);
          return () => losses.crossEntropy(x, y, { classes });
        },
      });
      list.push({
        name: `cross-entropy with gradient ${shape}`,
        make: (losses) => {
          const { x, y, out } = own(losses);
          return () => losses.crossEntropyWithGrad(x, y, { classes, out });
        },
      });
      list.push({
        name: `softmax ${shape}`,
        make: (losses) => {
          const { x, out } = own(losses);
          return () => losses.softmax(x, { classes, out });
        },
      });
    }
    for (const n of [1e5, 1e7]) {
      const [p, t] = [floats(n), floats(n)];
      list.push({
        name: `mse ${n.toExponential(0).replace("+", "")}, ${kind}`,
        make: (losses) => {
          const [a, b] = [place(losses, p), place(losses, t)];
          return () => losses.mse(a, b);
        },
      });
    }
  }
  return list;
}

function time(call: Call): number {
  const begin = performance.now();
  for (let i = 0; i < CALLS; i++) call();
  return (performance.now() - begin) / CALLS;
}

const asleep = new Int32Array(new SharedArrayBuffer(4));
const pause = (milliseconds: number) => Atomics.wait(asleep, 0, 0, milliseconds);

function compare({ name, make }: Case, one: Losses, two: Losses): void {
  const [a, b] = [make(one), make(two)];
  for (let i = 0; i < 10; i++) {
    const [x, y] = [a(), b()].map((it) => (typeof it === "object" && "loss" in it ? it.loss : it));
    if (typeof x === "number" && x !== y) throw new Error(`${name}: ${x} and ${y}`);
  }
  const times: [number, number][] = [];
  let quiet = 0;
  const end = performance.now() + PATIENCE_MILLISECONDS;
  while (quiet < TURNS && performance.now() < end) {
    const before = foreignMilliseconds();
    pause(20);
    const foreign = foreignMilliseconds();
    if (foreign - before >= 9) continue;
    const begin = performance.now();
    const turn: [number, number][] = [];
    while (performance.now() < begin + TURN_MILLISECONDS) {
      const switches = process.resourceUsage().involuntaryContextSwitches;
      const both = elsewhere((): [number, number] => [time(a), time(b)]);
      if (process.resourceUsage().involuntaryContextSwitches === switches) turn.push(both);
    }
    // /proc/stat counts in steps of 10 ms
    if (foreignMilliseconds() - foreign > 11) continue;
    quiet++;
    times.push(...turn);
  }
  if (times.length === 0) {
    console.log(`${name.padEnd(52)} no quiet turn`);
    return;
  }
  const ratios = times.map(([x, y]) => x / y);
  const f = (x: number) => x.toFixed(3).padStart(8);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q).toFixed(2));
  const medians = [0, 1].map((i) =>
    f(
      quantile(
        times.map((t) => t[i]),
        0.5,
      ),
    ),
  );
  console.log(`${name.padEnd(52)} ${medians.join(" ")} ms   ${middle} (${low} to ${high})   ${quiet} quiet turns`);
}

/** From the start of a launch to its end; the worker takes it, or the caller. */
async function latencies(): Promise<void> {
  const arenaBytes = 2 ** 20;
  const module = await compile(withSharedMemory(await inlinedModule()));
  const { memory } = createMemory(arenaBytes, 1, true);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const options = { module, memory, arenaBytes, workers: 1, spares: 0, startMilliseconds: 1e4, source: undefined };
  const pool = new Pool({ ...options, spinMilliseconds: TUNING.workerSpinMilliseconds });
  await pool.start();
  const threads = createThreads(exports as never, memory.buffer, pool, TUNING);
  const plan = createPlans(exports as never)(softmax, "f32");
  const launch = { ...createLaunch(memory.buffer), units: 1, stride: 1 };
  launch.numbers.set([ARENA, ARENA + 64, 1, 4096]);
  const trip = (byWorker: boolean) => {
    const begin = performance.now();
    threads.open(plan, launch);
    threads.ready(1);
    if (!byWorker) threads.help();
    threads.finish(0);
    threads.close();
    return 1000 * (performance.now() - begin);
  };
  const kinds: [string, number, () => number][] = [
    ["of a spinning worker", 20000, () => trip(true)],
    [
      "of a sleeping worker",
      1000,
      () => {
        pause(2);
        return trip(true);
      },
    ],
    ["taken by the caller", 20000, () => trip(false)],
  ];
  for (const [name, n, measure] of kinds) {
    for (let i = 0; i < n / 10; i++) measure();
    const times = Array.from({ length: n }, measure);
    const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(times, q).toFixed(1));
    console.log(`${`a launch ${name}`.padEnd(52)} ${middle} us (${low} to ${high})`);
  }
  pool.close();
}

const options = { arenaBytes: 2 ** 28 };
const one = await createLosses(options);
const two = await createLosses({ ...options, threads: 2 });
console.log(`${"".padEnd(52)} 1 thread 2 threads   ratio (quartiles)`);
for (const it of cases()) if (filter.test(it.name)) compare(it, one, two);
one.close();
two.close();
if (filter.test("launch")) await latencies();
