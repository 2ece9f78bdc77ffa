/** The page's looks. Plots are drawn in the same colours, by the names of the variables. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f3f5f8; --box: #fff; --text: #18202c; --quiet: #566072; --line: #dde2ea; --grid: #e8ecf2;
  --bar: #8fb1ee; --mark: #2f63c8; --warn: #8a4b00; --warn-ground: #fdf3e1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141a; --box: #191f28; --text: #e8ecf2; --quiet: #a3adbd; --line: #303947; --grid: #262e3a;
    --bar: #446bb3; --mark: #8fb5ff; --warn: #ffcf8a; --warn-ground: #33260f;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px }
header { padding-top: 32px }
h1 { font-size: 24px; line-height: 1.25; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 16px; line-height: 1.35; margin: 0 }
p { margin: 4px 0 0 }
header p, section > p { color: var(--quiet); overflow-wrap: anywhere }
header p.warn { color: var(--warn); background: var(--warn-ground); border-radius: 8px; padding: 8px 12px; margin-top: 12px }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 14px; margin: 20px 0 14px; padding: 0 }
.tiles div, section { background: var(--box); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; min-width: 0 }
.tiles div { display: flex; flex-direction: column }
.tiles dt { color: var(--quiet); font-size: 13px }
.tiles dd { margin: 0 }
.tiles .value { font-size: 26px; font-weight: 600; line-height: 1.3; letter-spacing: -0.01em; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
.tiles .value small { font-size: 15px; font-weight: 400; color: var(--quiet); letter-spacing: 0 }
.tiles .more { color: var(--quiet); font-size: 13px }
.panels { columns: 2; column-gap: 14px }
section { break-inside: avoid; margin-bottom: 14px }
table { border-collapse: collapse; width: 100%; margin-top: 8px; font-variant-numeric: tabular-nums }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--grid); text-align: left; font-weight: 400; vertical-align: top; overflow-wrap: anywhere }
tr > :last-child { padding-right: 0 }
tr:last-child > * { border-bottom: 0 }
thead th, tbody th { color: var(--quiet) }
tbody th { white-space: nowrap }
.numbers th, .numbers td { text-align: right; white-space: nowrap }
.numbers th:first-child { text-align: left }
.numbers thead th { white-space: normal; vertical-align: bottom }
.measure { display: flex; align-items: center; gap: 8px; min-width: 90px }
.measure svg { flex: 1; width: 0; height: 14px }
.measure rect, .heat rect { fill: var(--bar) }
.heat { position: relative; display: block }
.heat svg { position: absolute; inset: 0; width: 100%; height: 100% }
.heat svg + span { position: relative; padding: 0 4px }
.measure span { min-width: 52px }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; text-align: inherit; cursor: pointer }
th button::after { content: " \\2195"; opacity: 0.5 }
th[aria-sort="ascending"] button::after { content: " \\2191"; opacity: 1 }
th[aria-sort="descending"] button::after { content: " \\2193"; opacity: 1 }
.wide { overflow-x: auto }
.wide:focus-visible, summary:focus-visible, th button:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; border-radius: 4px }
.plot { position: relative; margin-top: 10px; overflow: hidden }
.tip { position: absolute; top: 4px; padding: 2px 8px; max-width: 90%; background: var(--box); border: 1px solid var(--line); border-radius: 6px; font-size: 13px; pointer-events: none; z-index: 1 }
details { margin-top: 8px }
summary { color: var(--quiet); cursor: pointer; width: fit-content }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
code span { display: inline-block; max-width: 100%; overflow-wrap: anywhere }
footer { padding-top: 16px; padding-bottom: 32px; color: var(--quiet); font-size: 13px }
@media (max-width: 760px) {
  header, main, footer { padding-left: 12px; padding-right: 12px }
  header { padding-top: 20px }
  h1 { font-size: 20px }
  .panels { columns: 1 }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 10px }
  .tiles .value { font-size: 22px }
  section { padding: 12px 12px }
}
@media print {
  :root { color-scheme: light }
}
`;
