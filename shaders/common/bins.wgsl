// Bin o of `bins` on an axis of `size` positions: ⌊o·size/bins⌋ to ⌈(o+1)·size/bins⌉ − 1. The products are split by
// size = q·bins + r, so that they stay below bins² and fit 32 bits whatever the size.
fn bin_span(o: u32, size: u32, bins: u32) -> Span {
  let q = size / bins;
  let r = size % bins;
  let first = o * q + (o * r) / bins;
  let end = (o + 1u) * q + ((o + 1u) * r + bins - 1u) / bins;
  return Span(first, end - first, 1u, end - first, first + end - 1u);
}
