// What each page loads before it can be used: its initial scripts, gzipped. Fails above the limit. What is marked
// noModule is for browsers without modules alone, which Jett's own worklets leave out: no browser loads it.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT_BYTES = 250 * 1024;
const OUT = fileURLToPath(new URL("../out/", import.meta.url));

const pages = readdirSync(OUT, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".html"));
const sizes = pages.sort().map((page) => ({ page, bytes: scriptBytes(readFileSync(join(OUT, page), "utf8")) }));

for (const { page, bytes } of sizes) process.stdout.write(`${(bytes / 1024).toFixed(1).padStart(7)} KB  ${page}\n`);
const tooLarge = sizes.filter(({ bytes }) => bytes > LIMIT_BYTES);
if (tooLarge.length > 0) {
  process.stderr.write(`above ${LIMIT_BYTES / 1024} KB: ${tooLarge.map(({ page }) => page).join(", ")}\n`);
  process.exitCode = 1;
}

/** @param {string} html */
function scriptBytes(html) {
  const loaded = html.replaceAll(/<script[^>]* noModule[^>]*>/gi, "");
  const files = new Set([...loaded.matchAll(/\/(_next\/[^"'\\ ]+\.js)/g)].map((found) => found[1]));
  const inline = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map((found) => found[1]).join("");
  return [...files].reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(OUT, String(file)))).length,
    gzipSync(inline).length,
  );
}
