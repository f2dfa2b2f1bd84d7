// Output of whole vec4s: four neighbours start at a multiple of four and are stored at once.
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

fn put(at: u32, values: Quad, count: u32) {
  output[at / 4u] = vec4<f32>(values);
}
