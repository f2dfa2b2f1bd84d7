// The way back of mixed: α to the tap that max chose, and (1 − α)/n to all.
struct Saved {
  index: U,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc_index(acc));
}

fn word_of_saved(saved: Saved) -> U {
  return saved.index;
}

fn saved_of_word(word: U) -> Saved {
  return Saved(word);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  let chosen = select(V(0.0), V(params.op.x), U(tap.index) == saved.index);
  return ahead * (chosen + V((1.0 - params.op.x) / max(f32(ctx.valid), 1.0)));
}
