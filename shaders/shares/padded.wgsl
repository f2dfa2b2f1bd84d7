// Which of a span's taps take their value from a position: any in the padding may.
fn tap_numbers(span: Span, position: u32) -> Range {
  return Range(0u, span.count);
}

fn padded_share(span: Span, number: u32, position: u32, size: u32) -> f32 {
  return select(0.0, 1.0, region_source(span.first + number * span.step, size) == position);
}

fn share_depth(rect: Rect, d: u32, position: u32) -> f32 {
  return padded_share(rect.depth, d, position, params.depth.x);
}

fn share_height(rect: Rect, h: u32, position: u32) -> f32 {
  return padded_share(rect.height, h, position, params.height.x);
}

fn share_width(rect: Rect, w: u32, position: u32) -> f32 {
  return padded_share(rect.width, w, position, params.width.x);
}

fn numbers_depth(rect: Rect, position: u32) -> Range {
  return tap_numbers(rect.depth, position);
}

fn numbers_height(rect: Rect, position: u32) -> Range {
  return tap_numbers(rect.height, position);
}

fn numbers_width(rect: Rect, position: u32) -> Range {
  return tap_numbers(rect.width, position);
}
