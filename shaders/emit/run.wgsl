// Four neighbouring outputs on their way to memory: values, and the indices of the taps they came from.
struct Run {
  values: array<f32, 4>,
  indices: array<u32, 4>,
}

fn run_with(run: Run, lane: u32, acc: Acc, ctx: Ctx) -> Run {
  var next = run;
  next.values[lane] = region_answer(acc, ctx);
  if (WITH_INDEX) {
    next.indices[lane] = acc_index(acc);
  }
  return next;
}
