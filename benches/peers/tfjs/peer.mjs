// TensorFlow.js on WebGPU (Dawn in Node): requests on stdin, answers on stdout, as ../protocol/src/lib.rs has them.

import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { create, globals } from 'webgpu';

// The library writes to the console as it likes; answers go past it.
const say = (kind, fields) => process.stdout.write(`${JSON.stringify({ [kind]: fields })}\n`);
for (const name of ['log', 'info', 'warn']) console[name] = console.error;

const MOST_RUNS = 200;
const LIMITS = ['maxStorageBufferBindingSize', 'maxBufferSize', 'maxComputeWorkgroupsPerDimension', 'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX', 'maxComputeWorkgroupStorageSize'];

Object.assign(globalThis, globals);
const gpu = create(['backend=vulkan']);
Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true });
const adapter = await gpu.requestAdapter();
if (!adapter) {
  say('unavailable', { why: 'Dawn finds no adapter' });
  process.exit(0);
}
const tf = await import('@tensorflow/tfjs-core');
const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
const { prepare, Unsupported } = await import('./poolings.mjs');
const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
const device = await adapter.requestDevice({ requiredLimits });
const backend = new WebGPUBackend(device, adapter.info);
tf.registerBackend('plunge', () => backend);
// Kernels are registered for the name 'webgpu'.
tf.copyRegisteredKernels('webgpu', 'plunge');
await tf.setBackend('plunge');
await tf.ready();

const floats = (path) => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

// Seconds that so many runs take, with one wait at their end.
async function batch(run, runs) {
  const start = performance.now();
  for (let i = 0; i < runs; i++) [run()].flat().forEach((tensor) => tensor.dispose());
  backend.endComputePassEncoder();
  backend.submitQueue();
  await device.queue.onSubmittedWorkDone();
  return (performance.now() - start) / 1e3;
}

let run = null;
async function answer(request) {
  if (request.prepare) {
    // What the problem before held goes with its scope.
    if (run) tf.engine().endScope();
    run = null;
    tf.engine().startScope();
    const prepared = prepare(tf, request.prepare, floats);
    run = prepared.run;
    const pooled = [run()].flat();
    writeFileSync(request.prepare.answer, await pooled[0].data());
    pooled.forEach((tensor) => tensor.dispose());
    return say('ready', { note: prepared.note ?? null, differs: prepared.differs ?? null });
  }
  // Where one run takes longer than was asked for, it is the sample.
  const once = await batch(run, 1);
  const runs = Math.min(Math.ceil(request.time.seconds / once), MOST_RUNS);
  return say('timed', { ms: (runs === 1 ? once : await batch(run, runs)) * 1e3 / runs, runs });
}

say('hello', { version: tf.version_core, device: adapter.info.description || adapter.info.device });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    await answer(JSON.parse(line));
  } catch (error) {
    say(error instanceof Unsupported ? 'unsupported' : 'failed', { why: String(error.message ?? error).slice(0, 300) });
  }
}
process.exit(0);
