// Every tap weighs the same.
struct Weighting {
  unused: u32,
}

fn weighting_of(rect: Rect) -> Weighting {
  return Weighting(0u);
}

fn weight_at(weighting: Weighting, z: u32, y: u32, x: u32) -> V {
  return V(1.0);
}
