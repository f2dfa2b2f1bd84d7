// Up to four of an invocation's own values, from anywhere.
fn owned_four(at: u32, count: u32) -> vec4<f32> {
  var values = vec4<f32>(0.0);
  for (var lane = 0u; lane < 4u; lane++) {
    if (lane < count) {
      values[lane] = fetch(at + lane);
    }
  }
  return values;
}
