// gather_sum: the way back to parameters. One workgroup adds up one part of what comes back to one parameter from every output, its
// invocations striding side by side, and leaves the sum in scratch; schedule/merge_sum.wgsl adds the parts. The order is fixed, so the same
// bits come of every run.
//
// Moves, per parameter: the gradient of each output, with what that output saved and the tap that the parameter weighs.
// params.grid = grid width, parts, parameters, unused
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;

const BLOCK = 32u;

var<workgroup> sums: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let own = group.y * params.grid.x + group.x;
  let parts = params.grid.y;
  let parameter = own / parts;
  if (parameter >= params.grid.z) {
    return;
  }
  let terms = term_count();
  let share = (terms + parts - 1u) / parts;
  let from_term = min((own % parts) * share, terms);
  let to_term = min(from_term + share, terms);
  var total = 0.0;
  var block = 0.0;
  var added = 0u;
  for (var at = from_term + local; at < to_term; at += WORKGROUP) {
    block += term(parameter, at);
    added += 1u;
    if (added == BLOCK) {
      total += block;
      block = 0.0;
      added = 0u;
    }
  }
  sums[local] = total + block;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      sums[local] += sums[local + half];
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    scratch[own] = sums[0];
  }
}
