// Input of any size and alignment, one f32 an element.
@group(0) @binding(1) var<storage, read> input: array<f32>;

fn fetch(at: u32) -> f32 {
  return input[at];
}
