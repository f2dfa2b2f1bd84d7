// Which of a span's taps take their value from a position, and how much of it: at most one, and all of it.
fn tap_numbers(span: Span, position: u32) -> Range {
  let ahead = position - span.first;
  let number = ahead / span.step;
  let there = position >= span.first && number < span.count && number * span.step == ahead;
  return Range(number, number + select(0u, 1u, there));
}

fn share_depth(rect: Rect, d: u32, position: u32) -> f32 {
  return 1.0;
}

fn share_height(rect: Rect, h: u32, position: u32) -> f32 {
  return 1.0;
}

fn share_width(rect: Rect, w: u32, position: u32) -> f32 {
  return 1.0;
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
