// log_sum_exp: m + (log mean exp(r(x − m)))/r over V with m = max of V, by online rescaling: the sum belongs to the largest
// value so far and is scaled down when a larger one comes. A +inf gives +inf, all −inf or nothing −inf, NaN gives NaN.
//
// params.op = r, 1/r, unused, unused
struct Acc {
  key: U,
  sum: V,
}

const LSE_NAN = 0xffffffffu;
const LSE_PLUS_INF = 0xff800000u;
const LSE_MINUS_INF = 0x007fffffu;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(LSE_MINUS_INF), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let bits = bitcast<U>(tap.value);
  return acc_merge(acc, Acc(select(key_of_bits(bits), U(LSE_NAN), key_is_nan(bits)), V(1.0)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let key = max(a.key, b.key);
  let low = min(a.key, b.key);
  // Where an infinity or NaN takes part the sum is of no account: `acc_finish` looks at the key.
  let apart = (key_to_value(low) - key_to_value(key)) * V(params.op.x);
  let scale = select(select(exp(apart), V(0.0), low <= U(LSE_MINUS_INF)), V(1.0), a.key == b.key);
  let a_is_larger = a.key >= b.key;
  return Acc(key, select(b.sum, a.sum, a_is_larger) + select(a.sum, b.sum, a_is_larger) * scale);
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let largest = key_to_value(acc.key);
  let mean = max(acc.sum, V(1.0)) / V(max(f32(ctx.valid), 1.0));
  let answer = largest + log(mean) * V(params.op.y);
  return select(answer, largest, (acc.key >= U(LSE_PLUS_INF)) | (acc.key <= U(LSE_MINUS_INF)));
}
