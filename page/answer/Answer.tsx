import { JobView, running } from "../JobView.tsx";
import { Wide } from "../Wide.tsx";
import type { Answered } from "../workers/answer.ts";

const answering = running<Answered>("answer.js");

/** Names of the functions whose digest is not the reference's. */
const differing = (entries: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>) =>
  Object.keys(wanted).filter((name) => entries[name] !== wanted[name]);

function Outcome({ answered: { lines, reference } }: { answered: Answered }) {
  const names = Object.keys(reference.entries);
  const isOne = lines.every(({ digest }) => digest === reference.digest);
  const heads = lines.map(({ backend, threads, got }) =>
    backend === "js" ? "js" : `wasm, ${got}${got < threads ? ` (of ${threads})` : ""}`,
  );
  return (
    <>
      <p class={isOne ? "verdict" : "failure"}>
        {isOne
          ? `One answer: ${lines[0].values.toLocaleString("en-US")} results of ${names.length} functions have the same bits here as elsewhere.`
          : "Not one answer: the functions below differ."}
      </p>
      <Wide label="Digests of engines">
        <table class="numbers texts">
          <thead>
            <tr>
              <th scope="col">engine</th>
              <th scope="col">backends, threads</th>
              <th scope="col">digest</th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ digest, entries }, i) => (
              <tr key={heads[i]}>
                <th scope="row">this browser</th>
                <td>{heads[i]}</td>
                <td>
                  {digest === reference.digest
                    ? `${digest}, equal`
                    : `${digest}: ${differing(entries, reference.entries).join("; ")}`}
                </td>
              </tr>
            ))}
            <tr>
              <th scope="row">{reference.engine}, when this page was built</th>
              <td>wasm, 1</td>
              <td>{reference.digest}</td>
            </tr>
            {reference.known.map(({ engine, runs, digest }) => (
              <tr key={engine}>
                <th scope="row">{engine}</th>
                <td>{runs}</td>
                <td>{digest}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <details>
        <summary>Function by function</summary>
        <Wide label="Digests function by function">
          <table class="numbers texts">
            <thead>
              <tr>
                <th scope="col">function</th>
                <th scope="col">digest</th>
                {heads.map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {names.map((name) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{reference.entries[name]}</td>
                  {lines.map(({ entries }, i) => (
                    <td key={heads[i]}>{entries[name] === reference.entries[name] ? "equal" : entries[name]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      </details>
    </>
  );
}

export function Answer() {
  const { value: now } = answering.state;
  return (
    <section class="wide-section" aria-labelledby="answer-title">
      <h2 id="answer-title">One answer</h2>
      <p>
        Every function with every option, on awkward numbers, in JavaScript and in WebAssembly, on one thread and
        several: are the bits of this browser those of other engines? A run takes a minute or two.
      </p>
      <div class="actions">
        <button type="button" class="main" disabled={now.kind === "running"} onClick={() => answering.run(() => null)}>
          Compare
        </button>
      </div>
      <JobView of={answering} done="Compared." />
      {now.kind === "done" && <Outcome answered={now.result} />}
    </section>
  );
}
