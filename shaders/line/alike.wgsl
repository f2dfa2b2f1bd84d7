// Taps that all weigh the same.
fn line_weight(tap: u32) -> V {
  return value_of(1.0);
}

fn line_weighed(acc: Acc, weight: V) -> Acc {
  return acc;
}
