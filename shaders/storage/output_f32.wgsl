// Output of any size and alignment, one f32 an element.
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

// `count` neighbours from `at` on; at most 4.
fn put(at: u32, values: Quad, count: u32) {
  let four = vec4<f32>(values);
  if (0u < count) { output[at] = four.x; }
  if (1u < count) { output[at + 1u] = four.y; }
  if (2u < count) { output[at + 2u] = four.z; }
  if (3u < count) { output[at + 3u] = four.w; }
}

// What is there already, for steps that add to it.
fn held(at: u32) -> f32 {
  return output[at];
}
