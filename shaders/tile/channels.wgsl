// Strips of four channels, lane by lane, where channels lie last: neighbours are channels of one position, then columns.
fn strip_of(own: u32) -> Strip {
  let fours = params.channels.y / 4u;
  let tile = divided(own, fours);
  let row = divided(tile, params.grid.z);
  let slice = divided(row, params.grid.w);
  let image = divided(slice, params.depth.y);
  return Strip(
    image * params.channels.y + (own - tile * fours) * 4u,
    slice - image * params.depth.y,
    (row - slice * params.grid.w) * params.flags.z,
    (tile - row * params.grid.z) * TILE_COLUMNS,
  );
}

// What lies beyond the row is read too, and left out by its column.
fn load_span(base: u32, index: u32) -> array<V, SPAN_W> {
  var values: array<V, SPAN_W>;
  for (var i = 0u; i < SPAN_W; i++) {
    values[i] = load(element_at(base, index + i));
  }
  return values;
}

fn strip_put(run: Run, strip: Strip, at: Place, column: u32, acc: Acc, ctx: Ctx) -> Run {
  let next = run_with(run, 0u, acc, ctx);
  if (strip.left + column < params.width.y) {
    emit_run(output_of(at), next, 4u);
  }
  return next;
}
