// The way back of weighted: ∂y/∂x = w, or w/Σw, and 0 where Σw = 0; ∂y/∂w = x, or (x − y)/Σw.
struct Saved {
  answer: V,
  weights: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc_finish(acc, ctx), acc.weights);
}

fn weighted_share(factor: V, saved: Saved) -> V {
  let nothing = is_zero(saved.weights);
  let mean = select(factor / select(saved.weights, V(1.0), nothing), V(0.0), nothing);
  return select(factor, mean, B(params.op_words.x != 0u));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  return ahead * weighted_share(tap.weight, saved);
}

fn grad_weight(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let mean = select(V(0.0), saved.answer, B(params.op_words.x != 0u));
  // An infinity less itself is NaN.
  let both = (bitcast<U>(tap.value) == bitcast<U>(mean)) & !is_finite(mean);
  return or_nan(ahead * weighted_share(tap.value - mean, saved), both);
}
