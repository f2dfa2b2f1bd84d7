// Indices of any number, one word each.
@group(0) @binding(3) var<storage, read_write> indices: array<u32>;

// `count` neighbours from `at` on; at most 4.
fn put_indices(at: u32, values: vec4<u32>, count: u32) {
  if (0u < count) { indices[at] = values.x; }
  if (1u < count) { indices[at + 1u] = values.y; }
  if (2u < count) { indices[at + 2u] = values.z; }
  if (3u < count) { indices[at + 3u] = values.w; }
}
