// Sums in scratch that several steps add up, one f32 an element.
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;

// `count` neighbours from `at` on; at most 4.
fn put(at: u32, values: Quad, count: u32) {
  if (0u < count) { scratch[at] = values.x; }
  if (1u < count) { scratch[at + 1u] = values.y; }
  if (2u < count) { scratch[at + 2u] = values.z; }
  if (3u < count) { scratch[at + 3u] = values.w; }
}

fn held(at: u32) -> f32 {
  return scratch[at];
}
