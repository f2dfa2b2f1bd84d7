// clear: zeros, for what nothing comes back to.
//
// params.grid = grid width, values, unused, unused
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own < params.grid.y) {
    output[own] = 0.0;
  }
}
