// What the way back must know of every output, into scratch: schedule/gather.wgsl reads it.
@group(0) @binding(12) var<storage, read_write> saved: array<Saved>;

struct Run {
  lanes: array<Saved, 4>,
}

fn run_with(run: Run, lane: u32, acc: Acc, ctx: Ctx) -> Run {
  var next = run;
  next.lanes[lane] = save(acc, ctx);
  return next;
}

// `count` neighbours from `at` on; at most 4.
fn emit_run(at: u32, run: Run, count: u32) {
  var it = run;
  for (var lane = 0u; lane < 4u; lane++) {
    if (lane < count) { saved[at + lane] = it.lanes[lane]; }
  }
}
