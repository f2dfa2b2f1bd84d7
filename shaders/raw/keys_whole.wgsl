// Ordered keys of whole numbers: every key stands for one, so none means NaN, and the smallest number is also what stands for no tap.
const KEY_LAST = 0u;

fn key_is_nan(bits: U) -> B {
  return B(false);
}

fn key_stands_for_nan(key: U) -> B {
  return B(false);
}

fn key_of_bits(bits: U) -> U {
  return bits ^ U(0x80000000u);
}

fn key_to_value(key: U) -> V {
  return bitcast<V>(key ^ U(0x80000000u));
}
