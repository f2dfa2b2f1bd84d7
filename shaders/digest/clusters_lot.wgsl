// Before a seed is chosen: an invocation finds how far one position is from the nearest seed so far, and its lot, whose weight is the
// square of that distance times what the position weighs. The first seed's lots weigh what positions do.
@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= cluster_count()) {
    return;
  }
  let image = own / params.extent.z;
  let k = params.grid.y;
  var weight = max(scratch[own], 0.0);
  if (k > 0u && weight > 0.0) {
    let before = cluster_count() + own;
    var nearest = cluster_distance(image, own % params.extent.z, cluster_centroid(image, k - 1u));
    if (k > 1u) {
      nearest = min(nearest, scratch[before]);
    }
    scratch[before] = nearest;
    weight *= nearest;
  }
  let score = lot_score(bitcast<u32>(weight), philox(own, k, params.grid.zw));
  scratch[2u * cluster_count() + own] = bitcast<f32>(score);
}
