// The outputs of four neighbouring channels on their way to memory.
struct Run {
  values: V,
  indices: U,
}

fn run_with(run: Run, lane: u32, acc: Acc, ctx: Ctx) -> Run {
  return Run(region_answer(acc, ctx), acc_index(acc));
}

fn run_values(run: Run) -> Quad {
  return run.values;
}

fn run_indices(run: Run) -> vec4<u32> {
  return run.indices;
}
