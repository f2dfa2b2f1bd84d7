// Taps stand where the table says.
fn tap_index(z: u32, y: u32, x: u32) -> u32 {
  return (table[z] * params.height.x + y) * params.width.x + x;
}

fn tap_mark(index: u32, ordinal: u32) -> u32 {
  return index;
}
