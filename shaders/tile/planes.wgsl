// Strips of planes: neighbours are columns of one row.
fn strip_of(own: u32, grid: vec4<u32>, rows: u32) -> Strip {
  let row = divided(own, grid.z);
  let slice = divided(row, grid.w);
  let plane = divided(slice, params.depth.y);
  let left = (own - row * grid.z) * TILE_COLUMNS;
  return Strip(plane, slice - plane * params.depth.y, (row - slice * grid.w) * rows, left);
}

// Takes one output of a row of them, from left to right, and stores every four. `first`: the number of the first; `left`: outputs from there to the row's end.
fn strip_put(run: Run, first: u32, column: u32, left: u32, acc: Acc, ctx: Ctx) -> Run {
  let next = run_with(run, column % 4u, acc, ctx);
  let four = column - column % 4u;
  if (column % 4u == 3u && four < left) {
    emit_run(first + four, next, min(left - four, 4u));
  }
  return next;
}
