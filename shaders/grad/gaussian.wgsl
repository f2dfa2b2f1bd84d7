// The way back of gaussian: ∂y/∂x = w/Σw.
struct Saved {
  weights: V,
}

fn save(acc: Acc, ctx: Ctx) -> Saved {
  return Saved(acc.weights);
}

fn word_of_saved(saved: Saved) -> U {
  return bitcast<U>(saved.weights);
}

fn saved_of_word(word: U) -> Saved {
  return Saved(bitcast<V>(word));
}

fn grad(tap: Tap, saved: Saved, ctx: Ctx, ahead: V) -> V {
  return ahead * tap.weight / select(saved.weights, V(1.0), saved.weights == V(0.0));
}
