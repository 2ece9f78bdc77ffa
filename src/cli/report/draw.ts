// The script of a report's page: runs in a browser, with uPlot before it. Built by itself and put into the page as it is.
import type UPlot from "uplot";
import { drawCharts } from "./plots.ts";
import { makeSortable } from "./sortable.ts";

declare const uPlot: typeof UPlot;

drawCharts(uPlot, JSON.parse(document.getElementById("charts")!.textContent!));
makeSortable(document.body);
