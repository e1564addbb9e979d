// Copies the exported pages into the Python package, so that users need no Node. Run after `npm run build`.
import { cpSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const from = fileURLToPath(new URL("../out/", import.meta.url));
const to = fileURLToPath(new URL("../../src/jett/server/pages/", import.meta.url));

if (!existsSync(from)) throw new Error("dashboard/out is missing: run `npm run build` first");
rmSync(to, { recursive: true, force: true });
cpSync(from, to, { recursive: true });
