// Whole-number division by way of floats, exact for a < 2³¹: devices have no instruction for it, and software adapters divide lane by lane.
// The first quotient is off by at most 2⁻²¹ of itself and one; what is left over gives a second, off by one.
fn divided(a: u32, b: u32) -> u32 {
  let share = 1.0 / f32(b);
  let first = u32(f32(a) * share);
  let more = i32(floor(f32(bitcast<i32>(a - first * b)) * share));
  let second = first + bitcast<u32>(more);
  let left = bitcast<i32>(a - second * b);
  return select(select(second, second + 1u, left >= bitcast<i32>(b)), second - 1u, left < 0);
}
