// The fold of log_sum_exp and probabilistic_max: Σe^(r(x − m)) beside m = max of V, by online rescaling.
//
// params.op.x = r
struct Acc {
  key: U,
  sum: V,
}

const EXPONENTIAL_NAN = 0xffffffffu;
const EXPONENTIAL_PLUS_INF = 0xff800000u;
const EXPONENTIAL_MINUS_INF = 0x007fffffu;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(EXPONENTIAL_MINUS_INF), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let bits = bitcast<U>(tap.value);
  return acc_merge(acc, Acc(select(key_of_bits(bits), U(EXPONENTIAL_NAN), key_is_nan(bits)), V(1.0)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let key = max(a.key, b.key);
  let low = min(a.key, b.key);
  // Where an infinity or NaN takes part the sum is of no account: `acc_finish` looks at the key.
  let apart = (key_to_value(low) - key_to_value(key)) * V(params.op.x);
  let scale = select(select(exp(apart), V(0.0), low <= U(EXPONENTIAL_MINUS_INF)), V(1.0), a.key == b.key);
  let a_is_larger = a.key >= b.key;
  return Acc(key, select(b.sum, a.sum, a_is_larger) + select(a.sum, b.sum, a_is_larger) * scale);
}
