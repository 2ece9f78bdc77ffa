import { signal } from "@preact/signals";
import { compact } from "../../src/cli/text.ts";

/** In the order in which they were chosen. */
export const chosen = signal<readonly File[]>([]);
const isOver = signal(false);

/** Files beside those that are there; one of the same name and size takes the other's place, as when it was written again. */
export function add(files: Iterable<File>): void {
  const added = [...files];
  const isNew = (file: File) => !added.some(({ name, size }) => name === file.name && size === file.size);
  chosen.value = [...chosen.value.filter(isNew), ...added];
}

export function FilePicker({ disabled }: { disabled: boolean }) {
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: files are dropped here; by keyboard the button below chooses them */}
      <div
        class={isOver.value ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => {
          isOver.value = false;
        }}
        onDrop={(event) => {
          event.preventDefault();
          isOver.value = false;
          if (!disabled) add(event.dataTransfer?.files ?? []);
        }}
      >
        <label for="files">Drop files here, or choose them:</label>
        <input
          id="files"
          type="file"
          multiple
          disabled={disabled}
          onChange={(event) => {
            add(event.currentTarget.files ?? []);
            // so that a file that was taken out can be chosen again
            event.currentTarget.value = "";
          }}
        />
      </div>
      {chosen.value.length > 0 && (
        <ul class="files" aria-label="Chosen files">
          {chosen.value.map((file) => (
            <li key={`${file.name} ${file.size}`}>
              <span>
                {file.name} <span class="quiet">{compact(file.size)}B</span>
              </span>
              <button
                type="button"
                disabled={disabled}
                aria-label={`Remove ${file.name}`}
                onClick={() => {
                  chosen.value = chosen.value.filter((it) => it !== file);
                }}
              >
                Remove
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
