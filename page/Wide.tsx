import type { ComponentChildren } from "preact";

/** What may be wider than a phone: then it scrolls, by keyboard too. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    // biome-ignore lint/a11y/useSemanticElements: a section is a box of the page
    <div class="wide" role="region" tabIndex={0} aria-label={label}>
      {children}
    </div>
  );
}
