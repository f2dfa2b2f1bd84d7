// The whole plane.
fn region_span(o: u32, size: vec4<u32>, window: vec4<u32>) -> Span {
  return Span(0u, size.x, 1u, size.x, size.x - 1u);
}
