// The way back of gem: ∂y/∂x = (x/y)^(p − 1)/n, 0 at x ≤ ε.
struct Saved {
  answer: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc_finish(acc, ctx));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let nothing = (saved.answer == V(0.0)) | (tap.value <= V(params.op.z));
  let ratio = tap.value / select(saved.answer, V(1.0), nothing);
  let share = pow(select(ratio, V(1.0), nothing), V(params.op.x - 1.0)) / V(max(f32(ctx.valid), 1.0));
  return select(ahead * share, V(0.0), nothing);
}
