// The first step: an invocation weighs one position, by 1 or by Σ max(value, 0) over its channels.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= cluster_count()) {
    return;
  }
  let image = own / params.extent.z;
  let position = own % params.extent.z;
  let looks = (params.region_words.z & 5u) != 0u;
  var weight = 0.0;
  var outside = false;
  for (var channel = 0u; channel < select(0u, params.region_words.x, looks); channel++) {
    let value = load(element_at(plane_base(image * params.region_words.x + channel), position));
    outside = outside || (bitcast<u32>(value) & 0x7fffffffu) > CLUSTER_FARTHEST;
    weight += max(value, 0.0);
  }
  let by_activation = (params.region_words.z & 4u) != 0u;
  scratch[own] = select(select(1.0, weight, by_activation), -1.0, outside);
}
