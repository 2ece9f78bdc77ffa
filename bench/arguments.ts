import { parseArgs } from "node:util";

export const help = `npm run bench -- [--peers] [--quick] [--filter RE] [--full] [--json FILE] [--chart FILE.svg] [--time MS]

  Checks every result against a float64 oracle, then times it: all candidates of a case in turn, in eleven rounds, on seeded
  inputs, in processes of its own. "resident" data lies in the engine's memory (losses.alloc), "copied" data in ordinary
  arrays; the JavaScript loops work on ordinary arrays. Elements are pairs of an element-wise loss, else logits. GB/s: inputs
  read and outputs written. The speed-up is over the plain loop: the median of the rounds' ratios.

  --peers        beside a good hand-written loop, and other packages: TensorFlow.js and ONNX Runtime, and a newer Node.js for
                 relaxed SIMD, are installed into bench/peers; C compiled to WebAssembly, numpy and PyTorch run where there
                 are clang and lld, python3-numpy and python3-torch (apt-get install); five minutes
  --quick        a fifth of the time, without the largest cases: for trying out
  --filter RE    the cases whose name matches, of all there are: "crossEntropy 32x50257 float32"
  --full         all of them, a quarter of an hour (default: every operation at one size, the main ones at most: two minutes)
  --json FILE    writes the results; - for standard output, instead of the tables
  --chart FILE   with --peers: an SVG of the ratios
  --time MS      for each candidate of a case (default 150, with --peers 300)
  --help
`;

export interface Options {
  readonly peers: boolean;
  readonly filter: RegExp | undefined;
  readonly full: boolean;
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly chart: string | undefined;
  /** ms a candidate. */
  readonly time: number;
  readonly rounds: number;
}

/** What the command line says; undefined where it asks for help. */
export function parseOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      peers: { type: "boolean", default: false },
      filter: { type: "string" },
      quick: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      json: { type: "string" },
      chart: { type: "string" },
      time: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { peers, full, quick, json, chart, filter } = values;
  if (chart !== undefined && !peers) throw new RangeError("--chart is of ratios to the peers: give --peers too");
  const time = Number(values.time ?? (quick ? 50 : peers ? 300 : 150));
  if (!(time > 0 && time < 1e6)) throw new RangeError(`--time is ${values.time}, but must be a number of milliseconds`);
  const rounds = quick ? 5 : 11;
  return {
    peers,
    full,
    quick,
    json,
    chart,
    time,
    rounds,
    filter: filter === undefined ? undefined : new RegExp(filter),
  };
}
