// A real as a whole number: rounded half to even and saturated, NaN being 0.
fn raw_of(real: f32) -> i32 {
  let nan = (bitcast<u32>(real) & 0x7fffffffu) > 0x7f800000u;
  // The largest f32 below 2³¹; whatever is beyond is the largest whole number.
  let rounded = i32(clamp(round(select(real, 0.0, nan)), -2147483648.0, 2147483520.0));
  return select(rounded, 2147483647, real >= 2147483648.0);
}
