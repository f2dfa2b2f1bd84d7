// The fold of gaussian and weighted: Σwx beside Σw. A tap of weight 0 contributes nothing, even inf or NaN.
struct Acc {
  sum: V,
  weights: V,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(V(0.0), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let weighted = select(tap.weight * tap.value, V(0.0), is_zero(tap.weight));
  return Acc(acc.sum + weighted, acc.weights + tap.weight);
}

fn acc_scale(acc: Acc, weight: V) -> Acc {
  return Acc(acc.sum * weight, acc.weights * weight);
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  return Acc(a.sum + b.sum, a.weights + b.weights);
}
