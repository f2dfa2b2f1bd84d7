// merge_sum: one invocation adds up the parts of one parameter's gradient, in blocks, so that sums stay accurate.
//
// params.grid = grid width, parts, parameters, unused
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;
@group(0) @binding(13) var<storage, read_write> grad_parameters: array<f32>;

const BLOCK = 32u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.grid.z) {
    return;
  }
  var total = 0.0;
  for (var done = 0u; done < params.grid.y; done += BLOCK) {
    var block = 0.0;
    for (var part = done; part < min(done + BLOCK, params.grid.y); part++) {
      block += scratch[own * params.grid.y + part];
    }
    total += block;
  }
  grad_parameters[own] = total;
}
