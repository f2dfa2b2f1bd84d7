// What comes back to one weight of a window, of one channel or of all: a term for each output that it is used in.
fn term_count() -> u32 {
  return select(params.extent.x, params.extent.x / max(params.extent.y, 1u), params.weighting_words.x != 0u);
}

fn term(parameter: u32, at: u32) -> f32 {
  let taps = params.depth.z * params.height.z * params.width.z;
  let own = parameter % taps;
  var number = at;
  if (params.weighting_words.x != 0u) {
    number = ((at / params.extent.w) * params.extent.y + parameter / taps) * params.extent.w + at % params.extent.w;
  }
  let out = place_of_number(number);
  let rect = rect_of(out);
  let ctx = rect_ctx(rect, out);
  // Its window's first taps may be cut off by the padding; what is before them wraps to beyond the last.
  let line = own / params.width.z;
  let d = line / params.height.z - table_first(rect.depth, params.depth.z);
  let h = line % params.height.z - table_first(rect.height, params.height.z);
  let w = own % params.width.z - table_first(rect.width, params.width.z);
  if (d >= rect.depth.count || h >= rect.height.count || w >= rect.width.count) {
    return 0.0;
  }
  let ordinal = (d * rect.height.count + h) * rect.width.count + w;
  let tap = rect_tap(rect, weighting_of(rect, ctx), d, h, w, ordinal);
  let output_id = output_of(out);
  return grad_weight(tap, saved_of(output_id), ctx, ahead_at(output_id));
}
