// The bins about a position.
fn region_holders(position: u32, size: vec4<u32>, window: vec4<u32>) -> Range {
  return bin_holders(position, size.x, size.y);
}
