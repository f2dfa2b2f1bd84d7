// Accumulators change lanes for places: four outputs of one line become the four lanes of one place, and the lines' places the positions of the next step's lines.
struct Outlet {
  at: u32,
  step: u32,
  lines: u32,
}

fn outlet_of(outer: u32, column: u32, first: u32) -> Outlet {
  let step = (params.line.y + 3u) / 4u;
  let row = params.line_places.z;
  let left = column * 4u;
  return Outlet(params.line_places.y + (outer * row + left) * step + first / 4u, step, row - left);
}

fn outlet_put(outlet: Outlet, line: Line, first: u32, four: u32, folds: array<Acc, 4>) {
  var some = folds;
  var words: array<array<U, PACKED>, 4>;
  for (var i = 0u; i < 4u; i++) {
    words[i] = pack(some[i]);
    if (WITH_INDEX) {
      words[i][PACKED - 1u] = line_index(line, words[i][PACKED - 1u]);
    }
  }
  for (var lane = 0u; lane < 4u; lane++) {
    if (lane < outlet.lines && first + four < params.line.y) {
      for (var word = 0u; word < PACKED; word++) {
        let turned = U(words[0][word][lane], words[1][word][lane], words[2][word][lane], words[3][word][lane]);
        scratch[(outlet.at + lane * outlet.step + four / 4u) * PACKED + word] = turned;
      }
    }
  }
}
