// The positions of one segment, which the table lists in row-major order. The table holds, for every image, S + 1 numbers that say where
// each segment's list begins, and as many that say where its parts do; then, for every image, the positions segment by segment.
// Segments are numbered along the depth of the output; positions count along the depth of the input.
//
// params.region_words = planes an image, where the positions begin, where the parts' rows begin, unused
fn list_row(at: Place) -> u32 {
  return (at.plane / params.region_words.x) * (params.depth.y + 1u) + at.z;
}

fn rect_of(at: Place) -> Rect {
  let row = list_row(at);
  let first = params.region_words.y + (at.plane / params.region_words.x) * params.depth.x + table[row];
  let count = table[row + 1u] - table[row];
  return Rect(
    plane_base(at.plane),
    Span(first, count, 1u, count, 0u),
    Span(0u, 1u, 1u, 1u, 0u),
    Span(at.x, 1u, 1u, 1u, 0u),
    Frame(),
  );
}
