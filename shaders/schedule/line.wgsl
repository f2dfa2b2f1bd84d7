// line: one axis of a window for BLOCK neighbouring outputs along it, four lines that are neighbours in memory at once, lane by lane. A window of two or three axes is as
// many steps, one after the other, with accumulators in scratch between them; the first reads the input and the last finishes. Only for ops whose push looks
// at nothing but value and absolute index (`shareable`), and for gaussian, whose weight is a product of one an axis (`acc_scale`).
//
// Moves, per output and axis: two to three taps or accumulators, by one memory instruction for four lanes, and one result. Fast because
// line/shared.wgsl makes the cost of an output almost the same for any window; because four lanes need a quarter of the memory instructions; and because
// a step may turn its results (line/to_…_turned), so that the next axis finds its own lines side by side.
//
// params.grid = grid width, invocations, columns (lines by four, side by side), unused
// params.line = input size, output size, kernel size, stride of this step's axis; params.line_window = its dilation and padding at begin and end
// params.line_places = where the step's input and its results begin, values in a row of neighbouring lines, which axis it is
struct Line {
  at: u32,      // where its position 0 stands
  step: u32,    // how far apart its positions are
  lanes: U,     // the four lines' places beside each other; what is beyond a row's end repeats its last
}

fn line_nothing() -> Acc {
  let ctx = Ctx(0u, 1.0, 0u, U(0u));
  return acc_init(ctx, carry_first(ctx));
}

// Adds what stands at a position, which may lie outside the input.
fn line_try(acc: Acc, line: Line, position: u32, weight: V) -> Acc {
  if (position < params.line.x) {
    return line_take(acc, line, position, weight);
  }
  return acc;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.grid.y) {
    return;
  }
  let column = own % params.grid.z;
  let run = own / params.grid.z;
  let runs = (params.line.y + BLOCK - 1u) / BLOCK;
  let outer = run / runs;
  let first = (run % runs) * BLOCK;
  line_walk(line_of(outer, column), outlet_of(outer, column, first), first);
}
