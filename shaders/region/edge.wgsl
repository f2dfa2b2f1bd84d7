// The nearest value of the input.
fn region_source(position: u32, size: u32) -> u32 {
  return u32(clamp(bitcast<i32>(position), 0, bitcast<i32>(size) - 1));
}
