// Outputs of four lanes, side by side as the lanes are.
struct Outlet {
  at: u32,
  step: u32,
  count: u32,
  rests: array<Rest, 4>,
}

fn outlet_of(outer: u32, column: u32, first: u32) -> Outlet {
  let row = params.line_places.z;
  let fours = (row + 3u) / 4u;
  let rows = params.grid.z / fours;
  let left = (column % fours) * 4u;
  let at = params.line_places.y + ((outer * params.line.y + first) * rows + column / fours) * row + left;
  let count = min(row - left, 4u);
  var rests: array<Rest, 4>;
  for (var lane = 0u; lane < 4u; lane++) {
    rests[lane] = rest_of(at + min(lane, count - 1u));
  }
  return Outlet(at, rows * row, count, rests);
}

fn outlet_put(outlet: Outlet, line: Line, first: u32, four: u32, folds: array<Acc, 4>) {
  var some = folds;
  var rests = outlet.rests;
  for (var i = 0u; i < 4u; i++) {
    let o = first + four + i;
    if (o < params.line.y) {
      var run: Run;
      for (var lane = 0u; lane < 4u; lane++) {
        run.values[lane] = region_answer(some[i], line_ctx(rests[lane], o))[lane];
      }
      if (WITH_INDEX) {
        let elements = line_index(line, acc_index(some[i]));
        run.indices = U(plane_index(elements.x), plane_index(elements.y), plane_index(elements.z), plane_index(elements.w));
      }
      emit_run(outlet.at + (four + i) * outlet.step, run, outlet.count);
    }
  }
}
