// The way back of sum: every tap counts once.
struct Saved {
  unused: U,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(U(0u));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  return ahead;
}
