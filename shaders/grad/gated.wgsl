// The way back of gated: as mixed, and through the gate, α′ = α(1 − α): ∂y/∂x has (max − average)·α′·w and ∂y/∂w (max − average)·α′·x.
struct Saved {
  index: U,
  alpha: V,
  rest: V,      // 1 − α
  slope: V,     // (max − average)·α′
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  let alpha = gated_alpha(acc.gate);
  let rest = gated_alpha(-acc.gate);
  let settled = is_zero(alpha) | is_zero(rest);
  // An infinity less an infinite average is NaN.
  let largest = key_to_value(acc.key);
  let apart = largest - acc.sum / V(max(f32(ctx.valid), 1.0));
  let slope = or_nan(select(apart * (alpha * rest), V(0.0), settled), !settled & !is_finite(largest));
  return Saved(acc_index(acc), alpha, rest, slope);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let chosen = select(V(0.0), saved.alpha, U(tap.index) == saved.index);
  let alike = saved.rest / V(max(f32(ctx.valid), 1.0));
  return ahead * (chosen + alike + saved.slope * tap.weight);
}

fn grad_weight(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  return ahead * (saved.slope * tap.value);
}
