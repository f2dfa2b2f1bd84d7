// The way back of variance: ∂y/∂x = 2(x − mean)/n, and NaN where y is, which the mean tells.
struct Saved {
  mean: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc.mean);
}

fn word_of_saved(saved: Saved) -> U {
  return bitcast<U>(saved.mean);
}

fn saved_of_word(word: U) -> Saved {
  return Saved(bitcast<V>(word));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let slope = ahead * ((tap.value - saved.mean) * V(2.0 / max(f32(ctx.valid), 1.0)));
  return or_nan(slope, !is_finite(saved.mean));
}
