// Strips of planes: neighbours are columns of one row.

fn strip_base(plane: u32, channel: u32) -> u32 {
  return plane_base(plane);
}

fn strip_output(plane: u32, channel: u32, at: Place) -> u32 {
  return output_of(at);
}

// Takes one output of a row of them, from left to right, and stores every four, and the last. `first`: the number of the first; `left`: outputs from there to the row's end.
fn strip_put(run: Run, first: u32, column: u32, left: u32, acc: Acc, ctx: Ctx) -> Run {
  let next = run_with(run, column % 4u, acc, ctx);
  let four = column - column % 4u;
  if ((column % 4u == 3u || column + 1u == TILE_COLUMNS) && four < left) {
    emit_run(first + four, next, min(left - four, min(TILE_COLUMNS - four, 4u)));
  }
  return next;
}
