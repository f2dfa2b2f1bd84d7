// Indices in whole vec4s.
@group(0) @binding(3) var<storage, read_write> indices: array<vec4<u32>>;

fn put_indices(at: u32, values: vec4<u32>, count: u32) {
  indices[at / 4u] = values;
}
