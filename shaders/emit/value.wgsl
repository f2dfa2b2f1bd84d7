// Values into the output, one word at a time.
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

fn emit_one(at: u32, acc: Acc, ctx: Ctx) {
  output[at] = region_answer(acc, ctx);
}

// `count` neighbours from `at` on; at most 4.
fn emit_run(at: u32, run: Run, count: u32) {
  var it = run;
  for (var lane = 0u; lane < 4u; lane++) {
    if (lane < count) { output[at + lane] = it.values[lane]; }
  }
}
