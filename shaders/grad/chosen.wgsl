// The way back of ops that answer with one of their taps: all of it goes to the tap that was chosen.
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
  return select(V(0.0), ahead, U(tap.index) == saved.index);
}
