// Up to four neighbouring outputs on their way to memory: values, and the indices of the taps they came from.
struct Run {
  values: array<V, 4>,
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

fn run_values(run: Run) -> Quad {
  return Quad(run.values[0], run.values[1], run.values[2], run.values[3]);
}

fn run_indices(run: Run) -> vec4<u32> {
  return vec4<u32>(run.indices[0], run.indices[1], run.indices[2], run.indices[3]);
}
