// Four of an invocation's own values, from a multiple of four on.
fn owned_four(at: u32, count: u32) -> vec4<f32> {
  return fetch_four(at);
}
