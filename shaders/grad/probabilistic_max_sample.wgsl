// The way back of a sample of probabilistic max: a step from 0 to 1 has no slope. The detection layer is 1 at the unit that is on.
struct Saved {
  index: U,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(select(U(0xffffffffu), acc.index, sample_is_on(acc, ctx)));
}

fn word_of_saved(saved: Saved) -> U {
  return saved.index;
}

fn saved_of_word(word: U) -> Saved {
  return Saved(word);
}

fn detect(tap: Tap, saved: Saved) -> V {
  return select(V(0.0), V(1.0), U(tap.index) == saved.index);
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  return V(0.0);
}
