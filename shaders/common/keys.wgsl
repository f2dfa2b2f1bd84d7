// Ordered keys: unsigned integers in the order of the floats they stand for, −inf < … < −0 < +0 < … < +inf.
// NaN of either sign takes the key of the winning end, since WGSL lets `max` ignore NaN and `x != x` be optimised away.
// The key 0 (for max) stands below every float and means that no tap was seen.

// Whether a key is that of NaN, among which the last and not the first is chosen.
fn key_stands_for_nan(key: U) -> B {
  return key == U(0xffffffffu);
}

fn key_of_bits(bits: U) -> U {
  return bits ^ (bitcast<U>(bitcast<I>(bits) >> U(31u)) | U(0x80000000u));
}

fn key_to_value(key: U) -> V {
  return bitcast<V>(select(~key, key ^ U(0x80000000u), key >= U(0x80000000u)));
}
