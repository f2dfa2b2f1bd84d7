// Outputs of four channels of one position, which are alike in all but their values.
struct Outlet {
  at: u32,
  step: u32,
  count: u32,
  rest: Rest,
}

fn outlet_of(outer: u32, column: u32, first: u32) -> Outlet {
  let row = params.line_places.z;
  let fours = (row + 3u) / 4u;
  let rows = params.grid.z / fours;
  let left = (column % fours) * 4u;
  let at = params.line_places.y + ((outer * params.line.y + first) * rows + column / fours) * row + left;
  return Outlet(at, rows * row, min(row - left, 4u), rest_of(at));
}

fn outlet_put(outlet: Outlet, line: Line, first: u32, four: u32, folds: array<Acc, 4>) {
  var some = folds;
  for (var i = 0u; i < 4u; i++) {
    let o = first + four + i;
    if (o < params.line.y) {
      var run: Run;
      run.values = region_answer(some[i], line_ctx(outlet.rest, o));
      if (WITH_INDEX) {
        let elements = line_index(line, acc_index(some[i]));
        run.indices = U(plane_index(elements.x), plane_index(elements.y), plane_index(elements.z), plane_index(elements.w));
      }
      emit_run(outlet.at + (four + i) * outlet.step, run, outlet.count);
    }
  }
}
