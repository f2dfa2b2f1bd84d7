// Of f16 in the upper half of a word: the key of the infinity that loses to every float, and where NaN begins.
const KEY_LAST = 0x03ffffffu;

fn key_is_nan(bits: U) -> B {
  return (bits & U(0x7fffffffu)) > U(0x7c000000u);
}
