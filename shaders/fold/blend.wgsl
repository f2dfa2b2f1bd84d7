// What mixed and gated share: the key of the largest value, and a blend of it with the average.
const BLEND_NAN = 0xffffffffu;

fn blend_key(value: V) -> U {
  let bits = bitcast<U>(value);
  return select(key_of_bits(bits), U(BLEND_NAN), key_is_nan(bits));
}

// The index of the larger of two: on equal keys the smaller, among NaNs the larger.
fn blend_index(a_key: U, a_index: U, b_key: U, b_index: U) -> U {
  if (!WITH_INDEX) {
    return a_index;
  }
  let tie = select(min(a_index, b_index), max(a_index, b_index), a_key == U(BLEND_NAN));
  return select(select(b_index, a_index, a_key > b_key), tie, a_key == b_key);
}

fn acc_index(acc: Acc) -> U {
  return acc.index;
}

// Told by the bits, since a comparison with NaN may come out either way; and below the normal range it is 0, as devices may take it.
fn blend_is_zero(share: V) -> B {
  return (bitcast<U>(share) & U(0x7f800000u)) == U(0u);
}

// α·largest + rest·average, where rest is 1 − α. α = 0 is the one and rest = 0 the other, whatever the other is. Nothing seen, key 0: 0.
fn blend(key: U, sum: V, alpha: V, rest: V, ctx: Ctx) -> V {
  let largest = key_to_value(key);
  let average = sum / V(max(f32(ctx.valid), 1.0));
  let mixed = alpha * largest + rest * average;
  let answer = select(select(mixed, average, blend_is_zero(alpha)), largest, blend_is_zero(rest));
  return select(answer, V(0.0), key == U(0u));
}
