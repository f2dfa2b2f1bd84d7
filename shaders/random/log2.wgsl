// log2(x)·2²⁶ for x from 1, to 2⁻²⁴: the place of the first bit, and f·P(f) for the fraction f after it, P of degree 8 by Horner's
// rule with coefficients·2³¹ of alternating sign.
fn word_log2(x: U) -> U {
  let place = firstLeadingBit(x);
  // Two shifts, since one by 32 has no meaning.
  let f = (x << (U(31u) - place)) << U(1u);
  var p = U(0x00f85a6au);
  p = U(0x0576c622u) - word_high(p, f);
  p = U(0x0e787cd5u) - word_high(p, f);
  p = U(0x1940a46bu) - word_high(p, f);
  p = U(0x234ac838u) - word_high(p, f);
  p = U(0x2de0fc1fu) - word_high(p, f);
  p = U(0x3d876de9u) - word_high(p, f);
  p = U(0x5c54e141u) - word_high(p, f);
  p = U(0xb8aa3aceu) - word_high(p, f);
  return (place << U(26u)) + (word_high(p, f) >> U(5u));
}
