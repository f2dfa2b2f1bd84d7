// The outputs at one position of four planes, which lie a plane apart; such regions have no indices.
struct Run {
  values: V,
}

fn run_with(run: Run, lane: u32, acc: Acc, ctx: Ctx) -> Run {
  return Run(region_answer(acc, ctx));
}

fn emit_run(at: u32, run: Run, count: u32) {
  let first = params.bases.y + output_of(place_of(at));
  let plane = lane_step();
  put(first, Quad(run.values.x), 1u);
  put(first + plane, Quad(run.values.y), 1u);
  put(first + 2u * plane, Quad(run.values.z), 1u);
  put(first + 3u * plane, Quad(run.values.w), 1u);
}
