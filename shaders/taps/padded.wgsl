// A tap that stands in the padding takes another's value: the region's `region_source` says whose, axis by axis.
fn tap_index(z: u32, y: u32, x: u32) -> u32 {
  let row = region_source(z, params.depth.x) * params.height.x + region_source(y, params.height.x);
  return row * params.width.x + region_source(x, params.width.x);
}

// Several taps may take one value.
fn tap_mark(index: u32, ordinal: u32) -> u32 {
  return ordinal;
}
