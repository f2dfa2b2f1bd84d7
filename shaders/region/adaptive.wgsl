// Bin o of an adaptive grid.
fn region_span(o: u32, size: vec4<u32>, window: vec4<u32>) -> Span {
  return bin_span(o, size.x, size.y);
}
