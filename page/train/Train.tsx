import { signal } from "@preact/signals";
import { Cancelled, type Connection, connect, type Job } from "../job.ts";
import { type Curve, LineChart } from "../LineChart.tsx";
import { Wide } from "../Wide.tsx";
import type { TrainNews, TrainRequest } from "../workers/train.ts";

interface Course {
  readonly request: TrainRequest;
  readonly title: string;
  readonly class: string;
}

const EPOCHS = 5;
const STEPS_PER_EPOCH = 80;
/** ln 10: the loss of a model that knows nothing of ten classes. */
const FIRST_LOSS = Math.LN10;

const COURSES: readonly Course[] = [
  {
    request: { optimizer: "sgd", learningRate: 0.1, epochs: EPOCHS },
    title: "gradient descent",
    class: "first",
  },
  { request: { optimizer: "adam", learningRate: 0.003, epochs: EPOCHS }, title: "Adam", class: "second" },
];

interface Progress {
  readonly points: Curve["points"];
  /** Of the digits that it is not trained on. */
  readonly accuracy?: number;
  readonly testLoss?: number;
}

const courses = COURSES.map(() => signal<Progress>({ points: [] }));
const said = signal("");
const failure = signal("");
const isRunning = signal(false);
let connection: Connection | undefined;
let job: Job<void> | undefined;

async function train(): Promise<void> {
  isRunning.value = true;
  failure.value = "";
  for (const course of courses) course.value = { points: [] };
  try {
    connection ??= connect("train.js");
    for (const [i, { request, title }] of COURSES.entries()) {
      said.value = `Training by ${title} ...`;
      job = connection.start<TrainNews, void>(request, ({ step, loss, accuracy }) => {
        const { value } = courses[i];
        courses[i].value =
          accuracy === undefined
            ? { ...value, points: [...value.points, [step, loss]] }
            : { ...value, accuracy, testLoss: loss };
      });
      await job.result;
    }
    said.value = "Trained.";
  } catch (error) {
    said.value = error instanceof Cancelled ? "Stopped." : "";
    if (!(error instanceof Cancelled)) failure.value = (error as Error).message;
  } finally {
    isRunning.value = false;
  }
}

const percent = (share: number | undefined) => (share === undefined ? "-" : `${(100 * share).toFixed(2)} %`);

export function Train() {
  const curves = COURSES.map(({ title, class: name }, i) => ({
    name: title,
    class: name,
    points: courses[i].value.points,
  }));
  return (
    <section class="wide-section" aria-labelledby="train-title">
      <h2 id="train-title">Train on handwritten digits</h2>
      <p>
        A softmax regression on 8,000 digits, {EPOCHS} times over, by gradient descent and by Adam; then it reads 2,000
        others. Losses, gradients and optimizers are wasm-loss's, in a worker: the source is{" "}
        <code>page/workers/train.ts</code>. Every device gets the same curve.
      </p>
      <div class="actions">
        <button type="button" class="main" disabled={isRunning.value} onClick={train}>
          Train
        </button>
        {isRunning.value && (
          <button type="button" onClick={() => job?.cancel()}>
            Stop
          </button>
        )}
      </div>
      <p role="status">{said.value}</p>
      <div role="alert">{failure.value !== "" && <p class="failure">{failure.value}</p>}</div>
      <LineChart
        label={`The loss of the digits trained on, by steps: ${COURSES.map(({ title }, i) => `${title} ${courses[i].value.points.at(-1)?.[1].toFixed(3) ?? "not begun"}`).join(", ")}.`}
        curves={curves}
        mostX={EPOCHS * STEPS_PER_EPOCH}
        mostY={FIRST_LOSS}
      />
      <p class="legend">Loss (nats, means of 10 steps) by steps of 100 digits.</p>
      <Wide label="How the digits are learnt">
        <table class="numbers">
          <thead>
            <tr>
              {["by", "training loss", "test loss", "test accuracy"].map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {COURSES.map(({ title, class: name }, i) => {
              const { points, testLoss, accuracy } = courses[i].value;
              return (
                <tr key={title}>
                  <th scope="row">
                    <span class={`key ${name}`} aria-hidden="true" /> {title}
                  </th>
                  <td>{points.at(-1)?.[1].toFixed(4) ?? "-"}</td>
                  <td>{testLoss?.toFixed(4) ?? "-"}</td>
                  <td>{percent(accuracy)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}
