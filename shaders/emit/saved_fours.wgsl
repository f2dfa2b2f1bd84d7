// What the way back must know of every output, one word of each, into scratch: four neighbours from a multiple of four on are stored at once.
@group(0) @binding(12) var<storage, read_write> saved: array<vec4<u32>>;

struct Run {
  lanes: array<u32, 4>,
}

fn run_with(run: Run, lane: u32, acc: Acc, ctx: Ctx) -> Run {
  var next = run;
  next.lanes[lane] = word_of_saved(save(acc, ctx));
  return next;
}

fn emit_run(at: u32, run: Run, count: u32) {
  saved[at / 4u] = vec4<u32>(run.lanes[0], run.lanes[1], run.lanes[2], run.lanes[3]);
}
