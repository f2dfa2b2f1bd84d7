// Output of whole numbers, as they are.
@group(0) @binding(2) var<storage, read_write> output: array<i32>;

// `count` neighbours from `at` on; at most 4.
fn put(at: u32, values: Quad, count: u32) {
  if (0u < count) { output[at] = values.x; }
  if (1u < count) { output[at + 1u] = values.y; }
  if (2u < count) { output[at + 2u] = values.z; }
  if (3u < count) { output[at + 3u] = values.w; }
}
