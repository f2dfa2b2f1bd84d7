// A real as a bfloat16, in the upper half of a word.
fn raw_of(real: f32) -> i32 {
  return bitcast<i32>(brain_bits(vec4<f32>(real)).x << 16u);
}
