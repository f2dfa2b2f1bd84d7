// The tokens of a sequence that its mask holds, or the positions of one segment. Which they are is seen on the walk: a rect is of so many that were found.
//
// params.region_words = planes an image, unused, unused, what a label is less than its word
fn rect_held(at: Place, count: u32) -> Rect {
  return Rect(
    plane_base(at.plane),
    Span(0u, count, 1u, count, 0u),
    Span(0u, 1u, 1u, 1u, 0u),
    Span(at.x, 1u, 1u, 1u, 0u),
    Frame(),
  );
}
