// The windows from the first that has a position to the last; given starts may be in any order.
fn region_holders(position: u32, size: vec4<u32>, window: vec4<u32>) -> Range {
  var range = Range(size.y, 0u);
  for (var o = 0u; o < size.y; o++) {
    let first = table[window.z + o];
    if (position >= first && position - first < size.z) {
      range = Range(min(range.first, o), o + 1u);
    }
  }
  return range;
}
