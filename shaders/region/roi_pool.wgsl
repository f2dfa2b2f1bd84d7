// Bin of a box: the box in whole positions, cut into bins as adaptive grids are, each clipped to the plane. The table's rows are made
// by digest/roi_pool.wgsl.
const ROI_NONE = 0xffffffffu;

fn roi_span(o: u32, start: u32, size: u32, bins: u32, limit: u32) -> Span {
  let bin = bin_span(o, size, bins);
  let most = bitcast<i32>(limit);
  let first = u32(clamp(bitcast<i32>(start + bin.first), 0, most));
  let end = u32(clamp(bitcast<i32>(start + bin.first + bin.count), 0, most));
  return Span(first, end - first, 1u, end - first, 2u * start + bin.centre2);
}

fn rect_of(at: Place) -> Rect {
  let row = (at.plane / params.extent.y + params.firsts.w) * 8u;
  let plane = table[row];
  if (plane == ROI_NONE) {
    let none = Span(0u, 0u, 1u, 0u, 0u);
    return Rect(0u, none, none, none, Frame());
  }
  return Rect(
    plane_base(plane + at.plane % params.extent.y),
    Span(0u, 1u, 1u, 1u, 0u),
    roi_span(at.y, table[row + 1u], table[row + 3u], params.height.y, params.height.x),
    roi_span(at.x, table[row + 2u], table[row + 4u], params.width.y, params.width.x),
    Frame(),
  );
}
