// The weight at a place of the table.
fn lane_weights(at: u32) -> V {
  return weights[at];
}
