// The weights of four neighbouring channels, the first of which has it at a place of the table.
fn lane_weights(at: u32) -> V {
  let apart = params.weighting_words.x;
  return V(weights[at], weights[at + apart], weights[at + 2u * apart], weights[at + 3u * apart]);
}
