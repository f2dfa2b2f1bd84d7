// mixed: α·max + (1 − α)·average over V. α = 1 is max and α = 0 the average, whatever the other is. Nothing seen: 0.
//
// params.op = α, unused, unused, unused
struct Acc {
  key: U,
  sum: V,
}

const MIXED_NAN = 0xffffffffu;

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let bits = bitcast<U>(tap.value);
  return acc_merge(acc, Acc(select(key_of_bits(bits), U(MIXED_NAN), key_is_nan(bits)), tap.value));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  return Acc(max(a.key, b.key), a.sum + b.sum);
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let alpha = params.op.x;
  let largest = key_to_value(acc.key);
  let average = acc.sum / V(max(f32(ctx.valid), 1.0));
  let mixed = V(alpha) * largest + V(1.0 - alpha) * average;
  let answer = select(select(mixed, average, B(alpha == 0.0)), largest, B(alpha == 1.0));
  return select(answer, V(0.0), acc.key == U(0u));
}
