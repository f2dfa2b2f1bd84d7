// Lines of accumulators that the step before has left: positions are groups of four lanes.
fn line_of(outer: u32, column: u32) -> Line {
  return Line(params.line_places.x + outer * params.line.x * params.grid.z + column, params.grid.z, U(0u));
}

fn line_take(acc: Acc, line: Line, position: u32, weight: V) -> Acc {
  let at = (line.at + position * line.step) * PACKED;
  var words: array<U, PACKED>;
  for (var word = 0u; word < PACKED; word++) {
    words[word] = scratch[at + word];
  }
  return acc_merge(acc, line_weighed(unpack(words), weight));
}

fn line_index(line: Line, index: U) -> U {
  return index;
}
