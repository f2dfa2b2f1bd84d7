// Strips of planes: neighbours are columns of one row.
fn strip_of(own: u32) -> Strip {
  let row = divided(own, params.grid.z);
  let slice = divided(row, params.grid.w);
  let plane = divided(slice, params.depth.y);
  return Strip(
    plane,
    slice - plane * params.depth.y,
    (row - slice * params.grid.w) * params.flags.z,
    (own - row * params.grid.z) * TILE_COLUMNS,
  );
}

// Takes one output of a row of them, from left to right, and stores every four.
fn strip_put(run: Run, strip: Strip, at: Place, column: u32, acc: Acc, ctx: Ctx) -> Run {
  let next = run_with(run, column % 4u, acc, ctx);
  let left = strip.left + (column / 4u) * 4u;
  if (column % 4u == 3u && left < params.width.y) {
    let row = ((at.plane * params.depth.y + at.z) * params.height.y + at.y) * params.width.y;
    emit_run(row + left, next, min(params.width.y - left, 4u));
  }
  return next;
}
