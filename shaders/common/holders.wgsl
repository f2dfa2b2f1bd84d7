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

fn range_within(range: Range, first: u32, end: u32) -> Range {
  return Range(max(range.first, first), min(range.end, end));
}
