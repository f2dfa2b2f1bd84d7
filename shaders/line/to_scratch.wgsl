// Accumulators stay in their lanes: the next step's lines lie across rows too.
struct Outlet {
  at: u32,
}

fn outlet_of(outer: u32, column: u32, first: u32) -> Outlet {
  return Outlet(params.line_places.y + (outer * params.line.y + first) * params.grid.z + column);
}

fn outlet_put(outlet: Outlet, line: Line, first: u32, four: u32, folds: array<Acc, 4>) {
  var some = folds;
  for (var i = 0u; i < 4u; i++) {
    if (first + four + i < params.line.y) {
      var words = pack(some[i]);
      if (WITH_INDEX) {
        words[PACKED - 1u] = line_index(line, words[PACKED - 1u]);
      }
      for (var word = 0u; word < PACKED; word++) {
        scratch[(outlet.at + (four + i) * params.grid.z) * PACKED + word] = words[word];
      }
    }
  }
}
