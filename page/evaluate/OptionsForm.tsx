import type { Signal } from "@preact/signals";
import { form } from "./options.ts";

function Choice({
  id,
  label,
  value,
  choices,
}: {
  id: string;
  label: string;
  value: Signal<string>;
  choices: string[][];
}) {
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.value;
        }}
      >
        {choices.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </p>
  );
}

function Check({ id, label, value }: { id: string; label: string; value: Signal<boolean> }) {
  return (
    <p class="field">
      <input
        id={id}
        type="checkbox"
        checked={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.checked;
        }}
      />
      <label for={id}>{label}</label>
    </p>
  );
}

export function OptionsForm() {
  const ofClasses = form.loss.value === "cross-entropy";
  return (
    <div class="fields">
      <Choice
        id="loss"
        label="Loss"
        value={form.loss}
        choices={[
          ["cross-entropy", "cross-entropy"],
          ["mse", "mean squared error (predictions, then targets)"],
          ["binary", "binary cross-entropy (one logit a row, then targets)"],
        ]}
      />
      {ofClasses && (
        <>
          <Choice
            id="input"
            label="The first file holds"
            value={form.input}
            choices={[
              ["", "logits"],
              ["probabilities", "probabilities"],
              ["log-probabilities", "logarithms of probabilities"],
            ]}
          />
          <p class="field">
            <label for="worst">Rows of the highest loss</label>
            <input
              id="worst"
              type="number"
              min="0"
              max="1000"
              value={form.worst.value}
              onInput={(event) => {
                form.worst.value = event.currentTarget.value;
              }}
            />
          </p>
          <Check id="per-class" label="Loss and accuracy of each class, however many" value={form.perClass} />
          <Check id="confusion" label="Precision, recall, confusion (in the JSON)" value={form.confusion} />
          <Check id="percentiles" label="Percentiles of the loss (in the JSON)" value={form.percentiles} />
        </>
      )}
      <p class="field">
        <label for="further">Further options of the command line</label>
        <input
          id="further"
          type="text"
          spellcheck={false}
          autocomplete="off"
          placeholder="--ignore-index -1 --tensor x"
          value={form.further.value}
          onInput={(event) => {
            form.further.value = event.currentTarget.value;
          }}
        />
      </p>
    </div>
  );
}
