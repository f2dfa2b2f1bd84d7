// Outputs that are neighbours along the line, four of each lane's row.
struct Outlet {
  at: u32,
  lines: u32,
  rests: array<Rest, 4>,
}

fn outlet_of(outer: u32, column: u32, first: u32) -> Outlet {
  let row = params.line_places.z;
  let left = column * 4u;
  let at = params.line_places.y + (outer * row + left) * params.line.y + first;
  var rests: array<Rest, 4>;
  for (var lane = 0u; lane < 4u; lane++) {
    rests[lane] = rest_of(at + min(lane, row - left - 1u) * params.line.y);
  }
  return Outlet(at, row - left, rests);
}

fn outlet_put(outlet: Outlet, line: Line, first: u32, four: u32, folds: array<Acc, 4>) {
  var some = folds;
  var rests = outlet.rests;
  let o = first + four;
  for (var lane = 0u; lane < 4u; lane++) {
    if (lane < outlet.lines && o < params.line.y) {
      var run: Run;
      for (var i = 0u; i < 4u; i++) {
        run.values[i] = region_answer(some[i], line_ctx(rests[lane], min(o + i, params.line.y - 1u)))[lane];
        if (WITH_INDEX) {
          run.indices[i] = plane_index(line_index(line, acc_index(some[i]))[lane]);
        }
      }
      emit_run(outlet.at + lane * params.line.y + four, run, min(params.line.y - o, 4u));
    }
  }
}
