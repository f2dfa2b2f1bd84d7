// A sliding window: k taps, d apart, the first at o·s − padding. Only taps inside the input are walked, so a huge kernel
// costs no more than the input it covers.
fn region_span(o: u32, size: vec4<u32>, window: vec4<u32>) -> Span {
  let start = o * size.w;           // relative to the begin of the padding
  let skipped = select(0u, (window.y - start + window.x - 1u) / window.x, start < window.y);
  let first = start + skipped * window.x - window.y;
  let room = select(0u, (size.x - 1u - min(first, size.x - 1u)) / window.x + 1u, first < size.x);
  let padded = size.x + window.y + window.z;
  return Span(
    first,
    min(size.z - skipped, room),
    window.x,
    min(size.z, (padded - 1u - start) / window.x + 1u),
    2u * (start - window.y) + window.x * (size.z - 1u),
  );
}
