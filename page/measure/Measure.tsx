import { signal } from "@preact/signals";
import { JobView, running } from "../JobView.tsx";
import { Wide } from "../Wide.tsx";
import type { Measured, MeasuredCase, Timed } from "../workers/measure.ts";
import { namesOf, textOf, three } from "./texts.ts";

const measuring = running<Measured>("measure.js");
const copied = signal("");

async function copy({ markdown }: Measured): Promise<void> {
  try {
    await navigator.clipboard.writeText(markdown);
    copied.value = "Copied.";
  } catch (error) {
    copied.value = `The browser does not let the page copy: ${(error as Error).message}`;
  }
}

/** Bars as long as a way is fast beside the loop, on one scale for all. */
function Bars({ cases }: { cases: readonly MeasuredCase[] }) {
  const speed = ({ ratio }: Timed) => ratio?.median ?? 0;
  const fastest = Math.max(...cases.flatMap(({ ways }) => ways.map(speed)), 1);
  return (
    <div class="bars">
      {cases.map(({ title, ways }) => (
        <figure key={title}>
          <figcaption>{title}</figcaption>
          <dl aria-label={`Speed of ${title}`}>
            {ways.map((way) => (
              <div key={way.name} class="bar-row">
                <dt>{way.name}</dt>
                <dd class="measure">
                  <svg aria-hidden="true">
                    <rect width={`${(100 * speed(way)) / fastest}%`} height="14" rx="3" />
                  </svg>
                  <span>{way.ratio === undefined ? (way.missing ?? "") : `${three(way.ratio.median)}x`}</span>
                </dd>
              </div>
            ))}
          </dl>
        </figure>
      ))}
    </div>
  );
}

function Outcome({ measured }: { measured: Measured }) {
  const { cases, notes } = measured;
  return (
    <>
      {notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
      <Wide label="Milliseconds a call">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">ms a call, float32</th>
              {namesOf(cases).map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cases.map(({ title, ways }) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                {ways.map((way) => (
                  <td key={way.name}>{textOf(way)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <p>In parentheses, and as bars: how many times as fast as the loop.</p>
      <Bars cases={cases} />
      <div class="actions">
        <button type="button" onClick={() => copy(measured)}>
          Copy as Markdown
        </button>
      </div>
      <p role="status">{copied.value}</p>
    </>
  );
}

export function Measure() {
  const { value: now } = measuring.state;
  return (
    <section class="wide-section" aria-labelledby="measure-title">
      <h2 id="measure-title">How fast it is here</h2>
      <p>
        This package in JavaScript, in WebAssembly, with fused multiply-add and on all cores, beside a good JavaScript
        loop, in turns. Each result is checked before it is timed. It takes half a minute or more, and other work slows
        it down.
      </p>
      <div class="actions">
        <button
          type="button"
          class="main"
          disabled={now.kind === "running"}
          onClick={() => {
            copied.value = "";
            void measuring.run(() => null);
          }}
        >
          Measure
        </button>
      </div>
      <JobView of={measuring} done="Measured." />
      {now.kind === "done" && <Outcome measured={now.result} />}
    </section>
  );
}
