// An invocation labels one position: its cell and its nearest centroid, or −1.
@group(0) @binding(10) var<storage, read_write> labels: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= cluster_count()) {
    return;
  }
  let image = own / params.extent.z;
  let position = own % params.extent.z;
  var nearest = cluster_distance(image, position, cluster_centroid(image, 0u));
  var label = 0u;
  for (var k = 1u; k < params.region_words.y; k++) {
    let distance = cluster_distance(image, position, cluster_centroid(image, k));
    let closer = distance < nearest;
    label = select(label, k, closer);
    nearest = select(nearest, distance, closer);
  }
  let row = (position / params.width.x) * params.height.y / params.height.x;
  let column = (position % params.width.x) * params.width.y / params.width.x;
  let cell = row * params.width.y + column;
  labels[own] = select(cell * params.region_words.y + label, 0xffffffffu, scratch[own] < 0.0);
}
