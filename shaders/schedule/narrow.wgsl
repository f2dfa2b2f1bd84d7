// narrow: sums that several steps have added up in f32, into elements that are narrower. One invocation owns GROUP values, those of one word of
// memory.
//
// params.grid = grid width, values, unused, unused
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * GROUP;
  if (first >= params.grid.y) {
    return;
  }
  let count = min(params.grid.y - first, GROUP);
  var sums: array<f32, 4>;
  for (var lane = 0u; lane < count; lane++) {
    sums[lane] = scratch[first + lane];
  }
  put(first, Quad(sums[0], sums[1], sums[2], sums[3]), count);
}
