// min: the smallest value of V. Bit-exact: values are compared as ordered integers, complemented so that the smallest float
// has the largest key; NaN wins, −0 < +0. Nothing seen: +inf, index −1.
fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let bits = bitcast<U>(tap.value);
  let key = select(~key_of_bits(bits), U(EXTREMUM_NAN), key_is_nan(bits));
  return acc_merge(acc, Acc(key, U(tap.index)));
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return key_to_value(~select(acc.key, U(KEY_LAST), acc.key == U(0u)));
}
