// The rect stream: a region that is a box of positions, the product of one span of taps an axis.
struct Rect {
  base: u32,      // where the plane begins that its taps lie in
  depth: Span,
  height: Span,
  width: Span,
  frame: Frame,   // what else the region's taps are made from
}

fn rect_taps(rect: Rect) -> u32 {
  return rect.depth.count * rect.height.count * rect.width.count;
}

// The d-th, h-th and w-th tap on its axes.
fn rect_tap(rect: Rect, weighting: Weighting, d: u32, h: u32, w: u32, ordinal: u32) -> Tap {
  let z = rect.depth.first + d * rect.depth.step;
  let y = rect.height.first + h * rect.height.step;
  let x = rect.width.first + w * rect.width.step;
  let index = tap_index(z, y, x);
  return Tap(tap_value(rect, index, z, y, x), weight_at(weighting, d, h, w), ordinal, tap_mark(index, ordinal));
}

fn rect_ctx(rect: Rect, at: Place) -> Ctx {
  let valid = rect_taps(rect);
  let counted = f32(rect.depth.counted) * f32(rect.height.counted) * f32(rect.width.counted);
  let number = lane_numbers(number_of(at) + params.firsts.y, lane_step());
  return Ctx(valid, select(f32(valid), counted, params.flags.x != 0u), (at.plane + params.firsts.x) % params.extent.y, number);
}
