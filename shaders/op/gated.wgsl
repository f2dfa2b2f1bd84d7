// gated: α·max + (1 − α)·average over V, the region itself deciding: α = sigmoid(Σwx) with learned weights. A tap of weight 0 has no
// say in α, even inf or NaN. Nothing seen: 0.
struct Acc {
  key: U,
  sum: V,
  gate: V,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let say = select(tap.weight * tap.value, V(0.0), tap.weight == V(0.0));
  return acc_merge(acc, Acc(blend_key(tap.value), tap.value, say));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  return Acc(max(a.key, b.key), a.sum + b.sum, a.gate + b.gate);
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  // Beyond ±87 the sigmoid is 1 or 0 in f32, and exp leaves its range. NaN is told by its bits, since clamp may drop it.
  let is_nan = key_is_nan(bitcast<U>(acc.gate));
  let sigmoid = V(1.0) / (V(1.0) + exp(-clamp(acc.gate, V(-88.0), V(88.0))));
  let alpha = select(sigmoid, V(0.0), acc.gate < V(-87.0));
  return blend(acc.key, acc.sum, select(alpha, acc.gate, is_nan), ctx);
}
