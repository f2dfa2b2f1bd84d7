// The folds of BLOCK neighbouring outputs, each by itself: windows that share too little, of any size, stride and dilation, and gaussians, whose taps weigh otherwise for each.
const LINE_RUN = 32u;

fn line_walk(line: Line, outlet: Outlet, first: u32) {
  let begin = first * params.line.w - params.line_window.y;   // wraps before the input: then it is no position either
  var folds: array<Acc, BLOCK>;
  for (var i = 0u; i < BLOCK; i++) {
    folds[i] = line_nothing();
  }
  for (var done = 0u; done < params.line.z; done += LINE_RUN) {
    // In runs that are then merged, so that long sums stay accurate.
    let end = min(done + LINE_RUN, params.line.z);
    var runs: array<Acc, BLOCK>;
    for (var i = 0u; i < BLOCK; i++) {
      runs[i] = line_nothing();
    }
    for (var tap = done; tap < end; tap++) {
      let weight = line_weight(tap);
      for (var i = 0u; i < BLOCK; i++) {
        runs[i] = line_try(runs[i], line, begin + i * params.line.w + tap * params.line_window.x, weight);
      }
    }
    for (var i = 0u; i < BLOCK; i++) {
      folds[i] = acc_merge(folds[i], runs[i]);
    }
  }
  outlet_put(outlet, line, first, 0u, folds);
}

fn line_span(o: u32) -> Span {
  return region_span(o, params.line, params.line_window);
}
