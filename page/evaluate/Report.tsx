import { useEffect, useRef } from "preact/hooks";
import type UPlot from "uplot";
import { drawCharts } from "../../src/cli/report/plots.ts";
import { makeSortable } from "../../src/cli/report/sortable.ts";
import type { Evaluated } from "../workers/evaluate.ts";

/** The page's own script before this one. */
declare const uPlot: typeof UPlot;

/** A report as --report writes it: its text, tables that sort, plots. */
export function Report({ evaluated }: { evaluated: Evaluated }) {
  const { title, subtitle, warnings, content, charts } = evaluated;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const drawn: { destroy(): void }[] = [];
    place.current!.innerHTML = content;
    makeSortable(place.current!);
    // one after the other, so that none makes the page wait for all
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = (i: number) => {
      if (i === charts.length) return;
      drawn.push(drawCharts(uPlot, [charts[i]]));
      timer = setTimeout(draw, 0, i + 1);
    };
    timer = setTimeout(draw, 0, 0);
    return () => {
      clearTimeout(timer);
      for (const it of drawn) it.destroy();
    };
  }, [evaluated]);
  return (
    <>
      <div class="heading">
        <h2 id="report-title">{title}</h2>
        <p>{subtitle}</p>
        {warnings.map((it) => (
          <p key={it} class="warn">
            {it}
          </p>
        ))}
      </div>
      <div ref={place} />
    </>
  );
}
