// A window whose padding holds values: every tap within input and padding is valid. Positions count in two's complement from the
// input's first value, and the region's `region_source` says which value stands at one outside.
fn region_span(o: u32, size: vec4<u32>, window: vec4<u32>) -> Span {
  let start = o * size.w;
  let padded = size.x + window.y + window.z;
  let count = min(size.z, (padded - 1u - start) / window.x + 1u);
  return Span(start - window.y, count, window.x, count, 2u * (start - window.y) + window.x * (size.z - 1u));
}
