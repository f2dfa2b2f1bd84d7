// clear: zeros, for what nothing comes back to. One invocation owns GROUP values, those of one word of memory.
//
// params.grid = grid width, values, unused, unused
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * GROUP;
  if (first < params.grid.y) {
    put(first, Quad(), min(params.grid.y - first, GROUP));
  }
}
