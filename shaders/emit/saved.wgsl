// What the way back must know of every output, into scratch: schedule/gather.wgsl reads it.
@group(0) @binding(12) var<storage, read_write> saved: array<Saved>;

struct Run {
  lanes: array<Saved, 4>,
}

fn run_with(run: Run, lane: u32, acc: Acc, ctx: Ctx) -> Run {
  // By constant places, as in emit/run.wgsl.
  let own = save(acc, ctx);
  var next = run;
  if (lane == 0u) { next.lanes[0] = own; }
  if (lane == 1u) { next.lanes[1] = own; }
  if (lane == 2u) { next.lanes[2] = own; }
  if (lane == 3u) { next.lanes[3] = own; }
  return next;
}

// `count` neighbours from `at` on; at most 4.
fn emit_run(at: u32, run: Run, count: u32) {
  if (count > 0u) { saved[at] = run.lanes[0]; }
  if (count > 1u) { saved[at + 1u] = run.lanes[1]; }
  if (count > 2u) { saved[at + 2u] = run.lanes[2]; }
  if (count > 3u) { saved[at + 3u] = run.lanes[3]; }
}
