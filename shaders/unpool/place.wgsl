// unpool, the last of three steps: each position takes the value that marked it, or 0.
//
// params.grid = grid width, positions in all, unused, unused
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@group(0) @binding(4) var<storage, read_write> scratch: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.grid.y) {
    return;
  }
  let marked = scratch[own];
  var value = 0.0;
  if (marked > 0u) {
    value = input[marked - 1u];
  }
  output[own] = value;
}
