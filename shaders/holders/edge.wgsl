// The windows that have a tap at a position, or in the padding that repeats it.
fn region_holders(position: u32, size: vec4<u32>, window: vec4<u32>) -> Range {
  let own = window.y + position;
  let last = select(own, size.x + window.y + window.z - 1u, position == size.x - 1u);
  return window_holders(select(own, 0u, position == 0u), last, size, window);
}
