// Values one by one, of rows that begin anywhere. What lies beyond the row is read too, and left out by its column.
fn load_span(base: u32, index: u32) {
  for (var i = 0u; i < SPAN_W; i++) {
    tile_span[i] = load(base + index + i);
  }
}
