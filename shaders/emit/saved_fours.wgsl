// What the way back must know of every output, one word of each, into scratch: four neighbours from a multiple of four on are stored at once.
@group(0) @binding(12) var<storage, read_write> saved: array<vec4<u32>>;

struct Run {
  lanes: array<u32, 4>,
}

fn run_with(run: Run, lane: u32, acc: Acc, ctx: Ctx) -> Run {
  // By constant places, as in emit/run.wgsl.
  let word = word_of_saved(save(acc, ctx));
  let own = vec4<u32>(lane) == vec4<u32>(0u, 1u, 2u, 3u);
  var next = run;
  next.lanes[0] = select(run.lanes[0], word, own.x);
  next.lanes[1] = select(run.lanes[1], word, own.y);
  next.lanes[2] = select(run.lanes[2], word, own.z);
  next.lanes[3] = select(run.lanes[3], word, own.w);
  return next;
}

fn emit_run(at: u32, run: Run, count: u32) {
  saved[at / 4u] = vec4<u32>(run.lanes[0], run.lanes[1], run.lanes[2], run.lanes[3]);
}
