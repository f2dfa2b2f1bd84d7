// Bin o of an adaptive grid: positions ⌊o·in/out⌋ to ⌈(o+1)·in/out⌉ − 1. The products are split by in = q·out + r, so that
// they stay below out² and fit 32 bits whatever the input size.
fn region_span(o: u32, size: vec4<u32>, window: vec4<u32>) -> Span {
  let q = size.x / size.y;
  let r = size.x % size.y;
  let first = o * q + (o * r) / size.y;
  let end = (o + 1u) * q + ((o + 1u) * r + size.y - 1u) / size.y;
  return Span(first, end - first, 1u, end - first, first + end - 1u);
}
