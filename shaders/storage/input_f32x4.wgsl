// Input of which whole vec4s are read at multiples of four: one load instruction brings four neighbours.
@group(0) @binding(1) var<storage, read> input: array<vec4<f32>>;

fn fetch(at: u32) -> f32 {
  return input[at / 4u][at % 4u];
}

fn fetch_four(at: u32) -> vec4<f32> {
  return input[at / 4u];
}
