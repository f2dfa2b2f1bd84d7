// The one output of the plane.
fn region_holders(position: u32, size: vec4<u32>, window: vec4<u32>) -> Range {
  return Range(0u, 1u);
}
