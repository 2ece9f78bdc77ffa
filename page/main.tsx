import { signal } from "@preact/signals";
import { type ComponentType, render } from "preact";
import { useEffect } from "preact/hooks";
import { Answer } from "./answer/Answer.tsx";
import { Evaluate } from "./evaluate/Evaluate.tsx";
import { Measure } from "./measure/Measure.tsx";
import { Train } from "./train/Train.tsx";

interface Tab {
  readonly id: string;
  readonly title: string;
  readonly view: ComponentType;
}

const TABS: readonly Tab[] = [
  { id: "evaluate", title: "Evaluate", view: Evaluate },
  { id: "answer", title: "One answer", view: Answer },
  { id: "measure", title: "Measure", view: Measure },
  { id: "train", title: "Train", view: Train },
];

const tabOfAddress = () => TABS.find(({ id }) => `#${id}` === location.hash) ?? TABS[0];
const chosen = signal(tabOfAddress());
addEventListener("hashchange", () => {
  chosen.value = tabOfAddress();
});

function choose(tab: Tab): void {
  history.replaceState(null, "", `#${tab.id}`);
  chosen.value = tab;
}

/** Arrow keys go from tab to tab, as in every list of tabs. */
function onKey(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const next = TABS[(TABS.indexOf(chosen.value) + step + TABS.length) % TABS.length];
  choose(next);
  document.getElementById(`tab-${next.id}`)!.focus();
}

function App() {
  // a file that is dropped beside its place must not take the page away
  useEffect(() => {
    const stop = (event: DragEvent) => event.preventDefault();
    addEventListener("dragover", stop);
    addEventListener("drop", stop);
  }, []);
  return (
    <>
      <header>
        <h1>wasm-loss</h1>
        <p>The loss of a model's outputs, computed in this browser. No file leaves this device.</p>
        <div class="tabs" role="tablist" aria-label="What to do">
          {TABS.map((tab) => (
            <button
              key={tab.id}
              type="button"
              role="tab"
              id={`tab-${tab.id}`}
              aria-selected={tab === chosen.value}
              aria-controls={`panel-${tab.id}`}
              tabIndex={tab === chosen.value ? 0 : -1}
              onClick={() => choose(tab)}
              onKeyDown={onKey}
            >
              {tab.title}
            </button>
          ))}
        </div>
      </header>
      <main>
        {TABS.map(({ id, view: View }) => (
          <div
            key={id}
            role="tabpanel"
            id={`panel-${id}`}
            aria-labelledby={`tab-${id}`}
            hidden={id !== chosen.value.id}
          >
            <View />
          </div>
        ))}
      </main>
      <footer>
        {crossOriginIsolated
          ? `Computed on up to ${navigator.hardwareConcurrency} threads. `
          : "Computed on one thread: the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp, with which a host lets pages share memory, are not there. The results are the same. "}
        Plots by uPlot, MIT licence, copyright Leon Sorokin.
      </footer>
    </>
  );
}

render(<App />, document.body);
