import { host } from "./host.ts";

export function plotting(): { script: string; style: string; version: string } {
  const { uPlot = "", uPlotStyle = "", uPlotVersion = "" } = host.report ?? {};
  return { script: uPlot, style: uPlotStyle, version: uPlotVersion };
}
