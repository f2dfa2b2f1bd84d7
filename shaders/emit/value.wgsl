// Values into the output, one word at a time.
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

struct Run {
  values: array<f32, 4>,
  indices: array<u32, 4>,
}

fn emit_one(at: u32, value: f32, index: u32) {
  output[at] = value;
}

// `count` neighbours from `at` on; at most 4.
fn emit_run(at: u32, run: Run, count: u32) {
  var it = run;
  for (var lane = 0u; lane < 4u; lane++) {
    if (lane < count) { output[at + lane] = it.values[lane]; }
  }
}
