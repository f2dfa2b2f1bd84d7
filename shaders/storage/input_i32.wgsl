// Input of whole numbers, pooled as they are.
@group(0) @binding(1) var<storage, read> input: array<i32>;

fn fetch(at: u32) -> i32 {
  return input[at];
}
