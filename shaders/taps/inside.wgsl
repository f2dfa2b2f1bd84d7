// Every tap lies inside the input: its index is where it stands.
fn tap_index(z: u32, y: u32, x: u32) -> u32 {
  return (z * params.height.x + y) * params.width.x + x;
}

fn tap_mark(index: u32, ordinal: u32) -> u32 {
  return index;
}
