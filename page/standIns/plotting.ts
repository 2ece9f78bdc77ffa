import { host } from "./host.ts";

export function plotting(): { script: string; style: string; version: string } {
  const { uPlot = "", style = "", uPlotVersion = "" } = host.report ?? {};
  return { script: uPlot, style, version: uPlotVersion };
}
