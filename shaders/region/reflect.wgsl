// The input mirrored about its first and last value; padding is below the size, so once is enough.
fn region_source(position: u32, size: u32) -> u32 {
  let from_first = u32(abs(bitcast<i32>(position)));
  return select(from_first, 2u * (size - 1u) - from_first, from_first >= size);
}
