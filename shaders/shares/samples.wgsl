// How much of a position's value is in each of a span's samples: taps/samples.wgsl, the other way round.
// Samples within one position, and one more on either side.
fn sample_numbers(span: Span, first: f32, step: f32, position: u32) -> Range {
  let most = f32(span.count);
  let begin = clamp((f32(position) - 1.0 - first) / step - 2.0, 0.0, most);
  let end = clamp((f32(position) + 1.0 - first) / step + 2.0, 0.0, most);
  if (step > 1e-6) {
    return Range(u32(begin), u32(end));
  }
  return Range(0u, span.count);
}

fn numbers_depth(rect: Rect, position: u32) -> Range {
  return Range(0u, rect.depth.count);
}

fn numbers_height(rect: Rect, position: u32) -> Range {
  return sample_numbers(rect.height, sample_y(rect.frame, 0u), rect.frame.height, position);
}

fn numbers_width(rect: Rect, position: u32) -> Range {
  return sample_numbers(rect.width, sample_x(rect.frame, 0u), rect.frame.width, position);
}

fn sample_share(at: f32, position: u32, size: u32) -> f32 {
  if (at < -1.0 || at > f32(size)) {
    return 0.0;
  }
  let inner = clamp(at, 0.0, f32(size) - 1.0);
  let first = u32(inner);
  let low = inner - f32(first);
  return select(0.0, 1.0 - low, first == position) + select(0.0, low, min(first + 1u, size - 1u) == position);
}

fn share_depth(rect: Rect, d: u32, position: u32) -> f32 {
  return 1.0;
}

fn share_height(rect: Rect, h: u32, position: u32) -> f32 {
  return sample_share(sample_y(rect.frame, h), position, params.height.x);
}

fn share_width(rect: Rect, w: u32, position: u32) -> f32 {
  return sample_share(sample_x(rect.frame, w), position, params.width.x);
}
