// Each position takes the value that the file before has for it.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * GROUP;
  if (first >= params.grid.y) {
    return;
  }
  let count = min(params.grid.y - first, GROUP);
  var values: array<V, 4>;
  for (var lane = 0u; lane < count; lane++) {
    values[lane] = value_at(position_of(first + lane));
  }
  put(first, Quad(values[0], values[1], values[2], values[3]), count);
}
