// Output of whole numbers, as they are, in whole vec4s.
@group(0) @binding(2) var<storage, read_write> output: array<vec4<i32>>;

fn put(at: u32, values: Quad, count: u32) {
  output[at / 4u] = values;
}
