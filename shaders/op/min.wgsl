// min: the smallest value of V. Bit-exact: values are compared as ordered integers, complemented so that the smallest float
// has the largest key; NaN wins, −0 < +0. On equal values the smaller index stays, among NaNs the larger.
struct Acc {
  key: U,
  index: U,
}

const MIN_NAN = 0xffffffffu;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), U(0xffffffffu));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let bits = bitcast<U>(tap.value);
  let key = select(~key_of_bits(bits), U(MIN_NAN), key_is_nan(bits));
  return acc_merge(acc, Acc(key, U(tap.index)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  if (!WITH_INDEX) {
    return Acc(max(a.key, b.key), a.index);
  }
  let tie = select(min(a.index, b.index), max(a.index, b.index), a.key == U(MIN_NAN));
  let index = select(select(b.index, a.index, a.key > b.key), tie, a.key == b.key);
  return Acc(max(a.key, b.key), index);
}

// Nothing seen: +inf, index −1.
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return key_to_value(~select(acc.key, U(0x007fffffu), acc.key == U(0u)));
}

fn acc_index(acc: Acc) -> U {
  return acc.index;
}
