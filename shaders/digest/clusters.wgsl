// What the steps that find clusters share: k-means of every image's positions, each being a point of its C values, its coordinates or
// both, in f32. Seeds are drawn as k-means++ does, centroids move as Lloyd has it, and a position's label is its nearest centroid, the
// smaller number among equals. A position with a value beyond 2⁵⁰, infinite or NaN is in no cluster where values count.
//
// params.height, params.width = size, cells
// params.extent.z = positions
// params.grid = grid width, which centroid, seed (low word), seed (high word)
// params.region_words = channels, centroids, what counts (1: values, 2: coordinates, 4: weights by activation), images
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;

const CLUSTER_FARTHEST = 0x58800000u;

fn cluster_values() -> u32 {
  return select(0u, params.region_words.x, (params.region_words.z & 1u) != 0u);
}

// Numbers that make a point: values, then coordinates from the outermost.
fn cluster_numbers() -> u32 {
  return cluster_values() + select(0u, 2u, (params.region_words.z & 2u) != 0u);
}

// Scratch holds, for every position of every image, what it weighs (−1 where it is in no cluster), how far the nearest seed is, squared, and
// its lot; then the centroids of every image.
fn cluster_count() -> u32 {
  return params.region_words.w * params.extent.z;
}

fn cluster_centroid(image: u32, k: u32) -> u32 {
  return 3u * cluster_count() + (image * params.region_words.y + k) * cluster_numbers();
}

// One number of the point at a position.
fn cluster_number(image: u32, position: u32, number: u32) -> f32 {
  let values = cluster_values();
  if (number < values) {
    return load(element_at(plane_base(image * params.region_words.x + number), position));
  }
  return f32(select(position % params.width.x, position / params.width.x, number == values));
}

// The squared distance of a position from a centroid, number by number.
fn cluster_distance(image: u32, position: u32, centroid: u32) -> f32 {
  var sum = 0.0;
  for (var number = 0u; number < cluster_numbers(); number++) {
    let apart = cluster_number(image, position, number) - scratch[centroid + number];
    // Rounded before it is added, on every device: equal distances are equal.
    sum += seal(apart * apart);
  }
  return sum;
}
