// Lines of the input: positions are values.
fn line_of(outer: u32, column: u32) -> Line {
  let row = params.line_places.z;
  let fours = (row + 3u) / 4u;
  let rows = params.grid.z / fours;
  let left = (column % fours) * 4u;
  let at = params.line_places.x + (outer * params.line.x * rows + column / fours) * row + left;
  return Line(at, rows * row, min(U(0u, 1u, 2u, 3u), U(row - 1u - left)));
}

fn line_take(acc: Acc, line: Line, position: u32, weight: V) -> Acc {
  let at = line.at + position * line.step;
  return acc_push(acc, Tap(load_lanes(params.bases.x + at, line.lanes), weight, 0u, at), Ctx(0u, 1.0, 0u, U(0u)));
}

// Lanes fold under one index, that of the first.
fn line_index(line: Line, index: U) -> U {
  return select(index + line.lanes, index, index == U(0xffffffffu));
}
