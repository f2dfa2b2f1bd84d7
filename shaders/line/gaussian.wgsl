// Taps that weigh exp(−r²/2σ²), of which each step takes its axis' factor: relative to the tap nearest to the window's centre, which is inside the input wherever the planner
// lets lines be (`separates`), as it sees to it that no weight is 0. So the weights are those of weighting/gaussian.wgsl, and as exact.
//
// params.weighting.x = 1/(8σ²), for distances are doubled
fn line_weight(tap: u32) -> V {
  let apart = params.line.z - 1u;
  let distance = f32(u32(abs(bitcast<i32>(2u * tap - apart))) * params.line_window.x);
  let nearest = f32((apart & 1u) * params.line_window.x);
  return V(exp(-(distance - nearest) * (distance + nearest) * params.weighting.x));
}

fn line_weighed(acc: Acc, weight: V) -> Acc {
  return acc_scale(acc, weight);
}
