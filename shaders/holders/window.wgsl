// The windows that reach from before a position to it.
fn region_holders(position: u32, size: vec4<u32>, window: vec4<u32>) -> Range {
  return window_holders(position + window.y, position + window.y, size, window);
}
