// A workgroup moves one number of one centroid to the weighted mean of its members; one without members, or whose members weigh nothing,
// stays. The mean is rounded to nearest, since that of equal values must be the value: the nearest centroid hangs on it.
@group(0) @binding(10) var<storage, read> labels: array<u32>;

const BLOCK = 32u;

var<workgroup> sums: array<vec2<f32>, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let own = group.y * params.grid.x + group.x;
  let number = own % cluster_numbers();
  let k = (own / cluster_numbers()) % params.region_words.y;
  let image = own / cluster_numbers() / params.region_words.y;
  if (image >= params.region_words.w) {
    return;
  }
  // Weighted values and weights, in blocks that are then added, so that sums stay accurate.
  var total = vec2<f32>();
  var block = vec2<f32>();
  var added = 0u;
  for (var position = local; position < params.extent.z; position += WORKGROUP) {
    let at = image * params.extent.z + position;
    if (labels[at] != 0xffffffffu && labels[at] % params.region_words.y == k) {
      block += scratch[at] * vec2<f32>(cluster_number(image, position, number), 1.0);
      added += 1u;
      if (added == BLOCK) {
        total += block;
        block = vec2<f32>();
        added = 0u;
      }
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
  if (local == 0u && sums[0].y > 0.0) {
    scratch[cluster_centroid(image, k) + number] = quotient_rounded(sums[0].x, sums[0].y);
  }
}
