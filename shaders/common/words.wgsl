// Whole-number arithmetic that every device does alike.

// The high word of a · b, by 16-bit halves.
fn word_high(a: U, b: U) -> U {
  let low = (a & U(0xffffu)) * (b & U(0xffffu));
  let middle = (a >> U(16u)) * (b & U(0xffffu)) + (low >> U(16u));
  let other = (a & U(0xffffu)) * (b >> U(16u)) + (middle & U(0xffffu));
  return (a >> U(16u)) * (b >> U(16u)) + (middle >> U(16u)) + (other >> U(16u));
}
