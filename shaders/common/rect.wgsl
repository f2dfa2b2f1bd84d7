// The rect stream: a region that is a box of positions, the product of one span of taps an axis.
struct Span {
  first: u32,     // the first tap inside the input
  count: u32,     // taps inside the input
  step: u32,      // distance between taps
  counted: u32,   // taps inside the input and its padding
  centre2: u32,   // twice the nominal centre, in two's complement
}

struct Rect {
  base: u32,      // where the plane begins that its taps lie in
  depth: Span,
  height: Span,
  width: Span,
  frame: Frame,   // what else the region's taps are made from
}

// Where one output stands: its plane (batch × channels) and its position in it.
struct Place {
  plane: u32,
  z: u32,
  y: u32,
  x: u32,
}

fn place_of(output: u32) -> Place {
  let row = output / params.width.y;
  let slice = row / params.height.y;
  return Place(slice / params.depth.y, slice % params.depth.y, row % params.height.y, output % params.width.y);
}

fn place_next(at: Place) -> Place {
  var next = at;
  next.x += 1u;
  if (next.x == params.width.y) {
    next.x = 0u;
    next.y += 1u;
    if (next.y == params.height.y) {
      next.y = 0u;
      next.z += 1u;
      if (next.z == params.depth.y) {
        next.z = 0u;
        next.plane += 1u;
      }
    }
  }
  return next;
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

fn rect_ctx(rect: Rect, at: Place, output: u32) -> Ctx {
  let valid = rect_taps(rect);
  let counted = f32(rect.depth.counted) * f32(rect.height.counted) * f32(rect.width.counted);
  return Ctx(valid, select(f32(valid), counted, params.flags.x != 0u), at.plane % params.extent.y, output);
}
