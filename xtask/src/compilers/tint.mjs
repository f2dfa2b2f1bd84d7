// Compiles many WGSL files by Dawn's Tint: a shader module and a compute pipeline of each.
//
//   node tint.mjs PACKAGE BACKEND LIST
//
// LIST has a line a file: number, path and entry point, tabs between. A line of answer for each: number, "ok" or "no", warnings, milliseconds, and what
// is said of errors. The first line of answer is the package's version.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [home, backend, list] = process.argv.slice(2);
const { create, globals } = await import(pathToFileURL(join(home, "index.js")));
Object.assign(globalThis, globals);
console.log(JSON.parse(readFileSync(join(home, "package.json"))).version);

// Kept for good: Dawn ends with its instance, which may be collected.
globalThis.dawn = create([`backend=${backend}`]);
const adapter = await dawn.requestAdapter();
if (!adapter) throw new Error(`no adapter of ${backend}`);
const device = await adapter.requestDevice();
const numbered = readFileSync(list, "utf8").split("\n").filter(Boolean).map((line) => line.split("\t"));
for (const [number, path, entryPoint] of numbered) {
  const began = performance.now();
  device.pushErrorScope("validation");
  device.pushErrorScope("internal");
  const module = device.createShaderModule({ code: readFileSync(path, "utf8") });
  const { messages } = await module.getCompilationInfo();
  const said = messages.filter(({ type }) => type === "error").map(({ lineNum, message }) => `${lineNum}: ${message}`);
  if (!said.length) device.createComputePipeline({ layout: "auto", compute: { module, entryPoint } });
  for (const error of [await device.popErrorScope(), await device.popErrorScope()]) {
    if (error && !said.length) said.push(error.message);
  }
  const warnings = messages.filter(({ type }) => type === "warning").length;
  const text = said.join("; ").replace(/\s+/g, " ").slice(0, 2000);
  console.log([number, said.length ? "no" : "ok", warnings, Math.round(performance.now() - began), text].join("\t"));
}
// Dawn keeps the process alive otherwise.
process.exit(0);
