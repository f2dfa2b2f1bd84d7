// unpool, the first of three steps: no position has been chosen yet.
//
// params.grid = grid width, positions in all, unused, unused
@group(0) @binding(4) var<storage, read_write> scratch: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own < params.grid.y) {
    scratch[own] = 0u;
  }
}
