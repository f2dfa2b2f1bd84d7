// Up to four neighbouring outputs on their way to memory: values, and the indices of the taps they came from.
struct Run {
  values: array<V, 4>,
  indices: array<u32, 4>,
}

// By constant places: FXC unrolls, or cannot unroll, the loops around an array in a struct whose place is none.
fn run_with(run: Run, lane: u32, acc: Acc, ctx: Ctx) -> Run {
  let value = region_answer(acc, ctx);
  let own = vec4<u32>(lane) == vec4<u32>(0u, 1u, 2u, 3u);
  var next = run;
  next.values[0] = select(run.values[0], value, own.x);
  next.values[1] = select(run.values[1], value, own.y);
  next.values[2] = select(run.values[2], value, own.z);
  next.values[3] = select(run.values[3], value, own.w);
  if (WITH_INDEX) {
    let index = acc_index(acc);
    next.indices[0] = select(run.indices[0], index, own.x);
    next.indices[1] = select(run.indices[1], index, own.y);
    next.indices[2] = select(run.indices[2], index, own.z);
    next.indices[3] = select(run.indices[3], index, own.w);
  }
  return next;
}

fn run_values(run: Run) -> Quad {
  return Quad(run.values[0], run.values[1], run.values[2], run.values[3]);
}

fn run_indices(run: Run) -> vec4<u32> {
  return vec4<u32>(run.indices[0], run.indices[1], run.indices[2], run.indices[3]);
}
