// A tap's value is interpolated between the four values about a point, in torchvision's order; 0 where the point lies more than one
// position outside. Such taps have no index.
struct Frame {
  y: f32,          // where the box begins
  x: f32,
  height: f32,     // from one sample to the next
  width: f32,
  row: f32,        // the bin's first sample, counted from where the box begins
  column: f32,
}

// Where a row and a column of samples lie.
fn sample_y(frame: Frame, h: u32) -> f32 {
  return frame.y + seal((frame.row + f32(h)) * frame.height);
}

fn sample_x(frame: Frame, w: u32) -> f32 {
  return frame.x + seal((frame.column + f32(w)) * frame.width);
}

fn tap_index(z: u32, y: u32, x: u32) -> u32 {
  return 0u;
}

fn tap_mark(index: u32, ordinal: u32) -> u32 {
  return ordinal;
}

fn tap_units(rect: Rect) -> vec3<f32> {
  return vec3<f32>(1.0, rect.frame.height, rect.frame.width);
}

fn tap_value(rect: Rect, index: u32, z: u32, y: u32, x: u32) -> V {
  let at_y = sample_y(rect.frame, y);
  let at_x = sample_x(rect.frame, x);
  let limit = vec2<f32>(f32(params.height.x), f32(params.width.x));
  if (at_y < -1.0 || at_y > limit.x || at_x < -1.0 || at_x > limit.y) {
    return V(0.0);
  }
  // Beyond the last value the last stands for both neighbours.
  let inner_y = clamp(at_y, 0.0, limit.x - 1.0);
  let inner_x = clamp(at_x, 0.0, limit.y - 1.0);
  let top = u32(inner_y);
  let left = u32(inner_x);
  let low_y = inner_y - f32(top);
  let low_x = inner_x - f32(left);
  let high_y = 1.0 - low_y;
  let high_x = 1.0 - low_x;
  let first = top * params.width.x;
  let second = min(top + 1u, params.height.x - 1u) * params.width.x;
  let right = min(left + 1u, params.width.x - 1u);
  return V(high_y * high_x) * load(element_at(rect.base, first + left)) + V(high_y * low_x) * load(element_at(rect.base, first + right))
    + V(low_y * high_x) * load(element_at(rect.base, second + left)) + V(low_y * low_x) * load(element_at(rect.base, second + right));
}
