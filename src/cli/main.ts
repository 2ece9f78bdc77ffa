#!/usr/bin/env node
import { startAhead } from "./adding/helpers.ts";

const args = process.argv.slice(2);
startAhead(args);
const { runCommand } = await import("./commands.ts");
await runCommand(args);
