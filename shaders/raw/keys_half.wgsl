// Ordered keys of halves in the upper half of a word: common/keys.wgsl, with the place where NaN begins and infinity ends.
const KEY_LAST = 0x03ffffffu;

fn key_is_nan(bits: U) -> B {
  return (bits & U(0x7fffffffu)) > U(0x7c000000u);
}

fn key_stands_for_nan(key: U) -> B {
  return key == U(0xffffffffu);
}

fn key_of_bits(bits: U) -> U {
  return bits ^ (bitcast<U>(bitcast<I>(bits) >> U(31u)) | U(0x80000000u));
}

fn key_to_value(key: U) -> V {
  return bitcast<V>(select(~key, key ^ U(0x80000000u), key >= U(0x80000000u)));
}
