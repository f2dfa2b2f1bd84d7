// a / b rounded to nearest, ties to even, which WGSL's quotients need not be: a long division of the digits. For what a last digit decides.
// Where a number or the quotient is not in the normal range it is the device's own.
fn quotient_rounded(a: f32, b: f32) -> f32 {
  let a_bits = bitcast<u32>(a) & 0x7fffffffu;
  let b_bits = bitcast<u32>(b) & 0x7fffffffu;
  let divisor = (b_bits & 0x007fffffu) | 0x00800000u;
  var rest = (a_bits & 0x007fffffu) | 0x00800000u;
  var exponent = i32(a_bits >> 23u) - i32(b_bits >> 23u) + 127;
  if (rest < divisor) {
    rest *= 2u;
    exponent -= 1;
  }
  let normal = min(a_bits, b_bits) >= 0x00800000u && max(a_bits, b_bits) < 0x7f800000u;
  if (!normal || exponent < 1 || exponent > 253) {
    return a / b;
  }
  // 24 digits and one to round by.
  var digits = 0u;
  for (var digit = 0u; digit < 25u; digit++) {
    let fits = rest >= divisor;
    digits = digits * 2u + select(0u, 1u, fits);
    rest = (rest - select(0u, divisor, fits)) * 2u;
  }
  let kept = digits / 2u;
  let up = select(0u, digits & 1u, rest != 0u || (kept & 1u) == 1u);
  let sign = (bitcast<u32>(a) ^ bitcast<u32>(b)) & 0x80000000u;
  return bitcast<f32>(sign | ((u32(exponent) << 23u) + (kept + up - 0x00800000u)));
}
