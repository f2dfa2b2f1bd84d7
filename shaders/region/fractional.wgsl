// Window o of fractional pooling: k neighbouring taps from a start that the table holds; an axis' starts begin at window.z, where
// absent axes find a 0.
fn region_span(o: u32, size: vec4<u32>, window: vec4<u32>) -> Span {
  let first = table[window.z + o];
  return Span(first, size.z, 1u, size.z, 2u * first + size.z - 1u);
}
