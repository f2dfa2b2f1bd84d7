// Input of whole numbers, pooled as they are, of which whole vec4s are read at multiples of four.
@group(0) @binding(1) var<storage, read> input: array<vec4<i32>>;

fn fetch(at: u32) -> i32 {
  return input[at / 4u][at % 4u];
}

fn fetch_four(at: u32) -> vec4<i32> {
  return input[at / 4u];
}
