// Samples in a bin of a box, evenly spread. The table's rows are made by digest/roi_align.wgsl.
//
// params.region_words.w = 1 where bins read channels of their own (position-sensitive)
const ROI_NONE = 0xffffffffu;

fn rect_of(at: Place) -> Rect {
  let row = (at.plane / params.extent.y + params.firsts.w) * 8u;
  let plane = table[row];
  if (plane == ROI_NONE) {
    let none = Span(0u, 0u, 1u, 0u, 0u);
    return Rect(0u, none, none, none, Frame());
  }
  let channel = at.plane % params.extent.y;
  let own = (channel * params.height.y + at.y) * params.width.y + at.x;
  let rows = table[row + 5u];
  let columns = table[row + 6u];
  return Rect(
    plane_base(plane + select(channel, own, params.region_words.w != 0u)),
    Span(0u, 1u, 1u, 1u, 0u),
    Span(0u, rows, 1u, rows, rows - 1u),
    Span(0u, columns, 1u, columns, columns - 1u),
    Frame(
      bitcast<f32>(table[row + 1u]), bitcast<f32>(table[row + 2u]),
      bitcast<f32>(table[row + 3u]), bitcast<f32>(table[row + 4u]),
      f32(at.y * rows) + 0.5, f32(at.x * columns) + 0.5,
    ),
  );
}
