// The way back of std: ∂y/∂x = (x − mean)/(n·y), 0 where y = 0 and NaN where y is, which the mean tells.
struct Saved {
  mean: V,
  answer: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc.mean, acc_finish(acc, ctx));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let flat = is_zero(saved.answer);
  let share = (tap.value - saved.mean) / select(saved.answer, V(1.0), flat) / V(max(f32(ctx.valid), 1.0));
  return or_nan(select(ahead * share, V(0.0), flat), !is_finite(saved.mean));
}
