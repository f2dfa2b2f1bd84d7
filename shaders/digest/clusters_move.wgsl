// A workgroup moves one number of one centroid to the weighted mean of its members; one without members, or whose members weigh nothing,
// stays. The mean lies between its members, whatever was rounded: that of equal values is the value, on which the nearest centroid hangs.
@group(0) @binding(10) var<storage, read> labels: array<u32>;

const BLOCK = 32u;

// Of members' weighted values and weights the sums, of their values the least and the largest.
var<workgroup> sums: array<vec2<f32>, WORKGROUP>;
var<workgroup> ends: array<vec2<f32>, WORKGROUP>;

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
  var least = 1e30;
  var largest = -1e30;
  for (var position = local; position < params.extent.z; position += WORKGROUP) {
    let at = image * params.extent.z + position;
    if (labels[at] != 0xffffffffu && labels[at] % params.region_words.y == k) {
      let value = cluster_number(image, position, number);
      block += scratch[at] * vec2<f32>(value, 1.0);
      least = min(least, value);
      largest = max(largest, value);
      added += 1u;
      if (added == BLOCK) {
        total += block;
        block = vec2<f32>();
        added = 0u;
      }
    }
  }
  sums[local] = total + block;
  ends[local] = vec2<f32>(least, largest);
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      sums[local] += sums[local + half];
      ends[local] = vec2<f32>(min(ends[local].x, ends[local + half].x), max(ends[local].y, ends[local + half].y));
    }
    workgroupBarrier();
  }
  if (local == 0u && sums[0].y > 0.0) {
    scratch[cluster_centroid(image, k) + number] = clamp(quotient_rounded(sums[0].x, sums[0].y), ends[0].x, ends[0].y);
  }
}
