// Bins that may hold a position: guessed in floats, whose error is far below one bin, with a bin to spare on either side.
fn bin_holders(position: u32, size: u32, bins: u32) -> Range {
  let scale = f32(bins) / f32(size);
  let first = u32(f32(position) * scale);
  let last = u32(f32(position + 1u) * scale);
  return Range(select(0u, first - 1u, first > 0u), min(last + 2u, bins));
}
