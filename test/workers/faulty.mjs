// The package's worker with something wrong with it: WORKER_FAULT=exit@3 is the fault `exit` at the third kernel call.

const [fault, call] = process.env.WORKER_FAULT.split("@");
const at = Number(call);

const faults = {
  /** Gone without a word, before the stride is run. */
  exit: () => process.exit(7),
  /** Gone when half of the units of its stride are written. */
  half: (f, [begin, end, ...rest]) => {
    f(begin, begin + Math.ceil((end - begin) / 2), ...rest);
    process.exit(7);
  },
  trap: (_, __, { exports }) => exports.trap(),
  /** Alive, but never done. */
  hang: () => {
    for (;;);
  },
  /** Late, but well. */
  slow: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300),
  sleep: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
};

/** (module (func (export "trap") unreachable)) */
const TRAP = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0, 11],
);

if (fault === "silent") setInterval(() => {}, 1000);
else if (fault === "throw") throw new Error("not today");
else if (fault === "quit") process.exit(7);
else {
  const { Instance, Module } = WebAssembly;
  const trap = new Instance(new Module(TRAP));
  let calls = 0;
  WebAssembly.Instance = function instantiate(module, imports) {
    const { exports } = new Instance(module, imports);
    const wrap = (f) =>
      function run(...args) {
        if (++calls === at) faults[fault](f, args, trap);
        f(...args);
      };
    return { exports: Object.fromEntries(Object.entries(exports).map(([name, f]) => [name, wrap(f)])) };
  };
  await import("../../dist/worker.js");
}
