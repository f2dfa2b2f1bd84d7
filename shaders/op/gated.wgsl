// gated: α·max + (1 − α)·average over V, the region itself deciding: α = sigmoid(Σwx) with learned weights. A tap of weight 0 has no
// say in α, even inf or NaN. Nothing seen: 0.
struct Acc {
  key: U,
  sum: V,
  gate: V,
  index: U,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0), V(0.0), U(0xffffffffu));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let say = select(tap.weight * tap.value, V(0.0), is_zero(tap.weight));
  return acc_merge(acc, Acc(blend_key(tap.value), tap.value, say, U(tap.index)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  return Acc(max(a.key, b.key), a.sum + b.sum, a.gate + b.gate, blend_index(a.key, a.index, b.key, b.index));
}

// α = sigmoid(Σwx), and with the gate's sign turned 1 − α, to its last digit.
fn gated_alpha(gate: V) -> V {
  // Below −87 it is 0, before exp leaves the range of f32. NaN is told by its bits, since clamp may drop it.
  let is_nan = key_is_nan(bitcast<U>(gate));
  let sigmoid = V(1.0) / (V(1.0) + exp(-clamp(gate, V(-88.0), V(88.0))));
  let alpha = select(sigmoid, V(0.0), gate < V(-87.0));
  return select(alpha, gate, is_nan);
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return blend(acc.key, acc.sum, gated_alpha(acc.gate), gated_alpha(-acc.gate), ctx);
}
