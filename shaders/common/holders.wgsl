// The way back asks which outputs hold an input position. A region's file of shaders/holders answers with ranges that leave none out; what
// else is in them is told by the region itself, when its taps are looked at.
struct Range {
  first: u32,
  end: u32,
}

struct Holders {
  depth: Range,
  height: Range,
  width: Range,
}

// Where an input value stands: its plane (batch × channels) and its position in it.
fn position_of(value: u32) -> Place {
  let row = value / params.width.x;
  let slice = row / params.height.x;
  return Place(slice / params.depth.x, slice % params.depth.x, row % params.height.x, value % params.width.x);
}

fn output_of(at: Place) -> u32 {
  return ((at.plane * params.depth.y + at.z) * params.height.y + at.y) * params.width.y + at.x;
}

fn range_within(range: Range, first: u32, end: u32) -> Range {
  return Range(max(range.first, first), min(range.end, end));
}
