// Cell at.x of a pyramid: a bin of the level that it belongs to. The table holds the number of levels, then of each its first
// cell and its bins in depth, height and width.
fn rect_of(at: Place) -> Rect {
  let levels = table[0];
  var row = 1u;
  for (var level = 1u; level < levels; level++) {
    row = select(row, 1u + 4u * level, table[1u + 4u * level] <= at.x);
  }
  let cell = at.x - table[row];
  let height = table[row + 2u];
  let width = table[row + 3u];
  return Rect(
    plane_base(at.plane),
    bin_span(cell / width / height, params.depth.x, table[row + 1u]),
    bin_span((cell / width) % height, params.height.x, height),
    bin_span(cell % width, params.width.x, width),
    Frame(),
  );
}
