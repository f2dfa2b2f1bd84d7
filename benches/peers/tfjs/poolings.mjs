// A problem as TensorFlow.js's own calls: tensors have channels last.

import { readFileSync } from 'node:fs';

export class Unsupported extends Error {}

// N, C, … as the library has them.
const last = ([n, c, ...spatial]) => [n, ...spatial, c];

const same = (values) => {
  if (new Set(values).size > 1) throw new Unsupported('padding is one number for all axes');
  return values[0];
};

// The window that an adaptive grid happens to be.
function grid(ins, outs) {
  const stride = ins.map((size, axis) => Math.floor(size / outs[axis]));
  const kernel = ins.map((size, axis) => size - (outs[axis] - 1) * stride[axis]);
  return { kernel, stride, padding: ins.map(() => 0) };
}

function gradient(tf, { op }, x, ahead, { kernel, stride, padding }) {
  const attributes = { filterSize: kernel, strides: stride, pad: same(padding) };
  const call = (name, inputs) => tf.engine().runKernel(name, inputs, attributes);
  if (op === 'average') return { run: () => call('AvgPoolGrad', { dy: ahead, input: x }) };
  const output = tf.maxPool(x, kernel, stride, same(padding));
  return { run: () => call('MaxPoolGrad', { dy: ahead, input: x, output }), note: 'is given the output' };
}

function windows(tf, problem, x, window) {
  const { kernel, stride, padding } = window;
  const { op, wanted } = problem;
  const pad = same(padding);
  const three = kernel.length === 3;
  if (wanted === 'indices') {
    if (op !== 'max' || pad) throw new Unsupported('indices of max without padding only');
    return { run: () => Object.values(tf.maxPoolWithArgmax(x, kernel, stride, 'valid')) };
  }
  // 'valid' and not 0, which some of its kernels take another way.
  const how = pad || 'valid';
  switch (op) {
    case 'max': return { run: () => (three ? tf.maxPool3d : tf.maxPool)(x, kernel, stride, how) };
    case 'average': return {
      run: () => (three ? tf.avgPool3d : tf.avgPool)(x, kernel, stride, how),
      differs: pad ? 'leaves padding out of the count' : undefined,
    };
    case 'lp2': {
      const taps = kernel.reduce((a, b) => a * b, 1);
      const run = () => tf.tidy(() => tf.sqrt(tf.mul(tf.avgPool(tf.square(x), kernel, stride, how), taps)));
      return { run, note: 'squares, averages, times taps, root' };
    }
    default: throw new Unsupported(`no ${op} pooling`);
  }
}

export function prepare(tf, problem, floats) {
  const { region, shape, output_shape: outputs } = problem;
  if (region.sequence) {
    const [batch, tokens] = shape;
    const kept = new Uint32Array(readFileSync(region.sequence.mask).buffer.slice(0, 4 * batch * tokens));
    const x = tf.tensor(floats(problem.input), shape);
    const mask = tf.tensor(Float32Array.from(kept), [batch, tokens, 1]);
    const run = () => tf.tidy(() => tf.div(tf.sum(tf.mul(x, mask), 1, true), tf.sum(mask, 1, true)));
    return { run, note: 'product with the mask, sum, quotient' };
  }
  const x = () => tf.tensor(floats(problem.input), last(shape));
  if (region === 'global' || region === 'adaptive') {
    if (problem.op !== 'average') throw new Unsupported('adaptive pooling is only put here for averages');
    const window = grid(shape.slice(2), outputs.slice(2));
    return { ...windows(tf, problem, x(), window), note: 'the window that the grid happens to be' };
  }
  if (!region.window) throw new Unsupported('no such regions');
  if (problem.wanted !== 'gradient') return windows(tf, problem, x(), region.window);
  if (region.window.kernel.length === 3) throw new Unsupported('gradients of planes only here');
  return gradient(tf, problem, x(), tf.tensor(floats(problem.ahead), last(outputs)), region.window);
}
