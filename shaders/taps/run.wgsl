// The w-th tap of a row whose first has this index and this ordinal.
fn run_tap(weighting: Weighting, value: V, d: u32, h: u32, w: u32, index: u32, ordinal: u32) -> Tap {
  return Tap(value, weight_at(weighting, d, h, w), ordinal + w, tap_mark(index + w, ordinal + w));
}
