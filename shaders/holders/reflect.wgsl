// The windows that have a tap at a position or at one of its mirror images in the padding.
fn region_holders(position: u32, size: vec4<u32>, window: vec4<u32>) -> Range {
  let own = window.y + position;
  let left = select(own, window.y - position, position <= window.y);
  let right = window.y + 2u * (size.x - 1u) - position;
  return window_holders(left, select(own, right, right < size.x + window.y + window.z), size, window);
}
