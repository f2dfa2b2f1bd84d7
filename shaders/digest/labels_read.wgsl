// Labels in −1 … S − 1, or a mask of 0 and 1. What is neither is in no segment.
@group(0) @binding(10) var<storage, read> labels: array<u32>;

fn label_at(image: u32, position: u32) -> u32 {
  return labels[image * params.depth.x + position] - params.region_words.w;
}
