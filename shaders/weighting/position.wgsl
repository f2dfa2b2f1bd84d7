// The t-th position weighs t + 1, whether or not those before it count.
struct Weighting {
  first: u32,
}

fn weighting_of(rect: Rect, ctx: Ctx) -> Weighting {
  return Weighting(rect.depth.first);
}

fn weight_at(weighting: Weighting, d: u32, h: u32, w: u32) -> V {
  return V(f32(table[weighting.first + d] + 1u));
}
