// A workgroup chooses one image's next seed: the position with the best lot, the first among equals, or the first position where there is
// no lot.
var<workgroup> best: array<vec2<u32>, WORKGROUP>;

fn better(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let a_stays = a.x > b.x || (a.x == b.x && a.y <= b.y);
  return select(b, a, a_stays);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let image = group.y * params.grid.x + group.x;
  if (image >= params.region_words.w) {
    return;
  }
  var own = vec2<u32>(0u, 0u);
  for (var position = local; position < params.extent.z; position += WORKGROUP) {
    let score = bitcast<u32>(scratch[2u * cluster_count() + image * params.extent.z + position]);
    own = select(own, vec2<u32>(score, position), score > own.x);
  }
  best[local] = own;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      best[local] = better(best[local], best[local + half]);
    }
    workgroupBarrier();
  }
  let position = best[0].y;
  let centroid = cluster_centroid(image, params.grid.y);
  for (var number = local; number < cluster_numbers(); number += WORKGROUP) {
    scratch[centroid + number] = cluster_number(image, position, number);
  }
}
