// BLOCK neighbouring outputs after BLOCK others, up to params.line_window.w such blocks, whose windows begin STRIDE apart and share taps: first the core that all of
// them have, before it each block's suffix, from the last block to the first; then, block by block, before these each output's own suffix, and behind the
// core each one's prefix, which goes on from block to block. Of n outputs, kernel_size/n + 3·STRIDE pushes and one merge each. (van Herk and Gil-Werman took blocks
// as long as the window; two levels of constant length keep the suffixes in registers.)
// Nothing is ever taken out of a fold again, so that one infinity or NaN stays among the outputs that hold it.
//
// The windows of all the blocks have a core, be it empty, and taps are neighbours.
const LINE_RUN = 32u;

// The positions from..to that are inside the input, in runs that are then merged, so that long sums stay accurate.
fn line_stretch(acc: Acc, line: Line, from_tap: u32, to_tap: u32) -> Acc {
  var fold = acc;
  let last = min(bitcast<i32>(to_tap), bitcast<i32>(params.line.x));
  for (var done = max(bitcast<i32>(from_tap), 0); done < last; done += bitcast<i32>(LINE_RUN)) {
    let end = min(done + bitcast<i32>(LINE_RUN), last);
    var run = line_nothing();
    for (var tap = done; tap < end; tap++) {
      run = line_take(run, line, bitcast<u32>(tap));
    }
    fold = acc_merge(fold, run);
  }
  return fold;
}

fn line_walk(line: Line, outlet: Outlet, first: u32) {
  let blocks = min(params.line_window.w, (params.line.y - first + BLOCK - 1u) / BLOCK);
  let begin = first * STRIDE - params.line_window.y;   // wraps before the input: then it is no position either
  let behind = begin + params.line.z;
  var suffixes: array<Acc, MOST_BLOCKS>;
  var suffix = line_stretch(line_nothing(), line, begin + (blocks * BLOCK - 1u) * STRIDE, behind);
  for (var block = blocks - 1u; block > 0u; block--) {
    suffixes[block] = suffix;
    let at = begin + (block * BLOCK - 1u) * STRIDE;
    suffix = line_stretch(suffix, line, at, at + BLOCK * STRIDE);
  }
  var prefix = line_nothing();
  for (var block = 0u; block < blocks; block++) {
    if (block > 0u) {
      suffix = suffixes[block];
    }
    var folds: array<Acc, BLOCK>;
    folds[BLOCK - 1u] = suffix;
    for (var i = 1u; i < BLOCK; i++) {
      for (var tap = 1u; tap <= STRIDE; tap++) {
        suffix = line_try(suffix, line, begin + (block * BLOCK + BLOCK - i) * STRIDE - tap);
      }
      folds[BLOCK - 1u - i] = suffix;
    }
    for (var i = 0u; i < BLOCK; i++) {
      folds[i] = acc_merge(folds[i], prefix);
      for (var tap = 0u; tap < STRIDE; tap++) {
        prefix = line_try(prefix, line, behind + (block * BLOCK + i) * STRIDE + tap);
      }
    }
    for (var four = 0u; four < BLOCK; four += 4u) {
      let some = array<Acc, 4>(folds[four], folds[four + 1u], folds[four + 2u], folds[four + 3u]);
      outlet_put(outlet, line, first, block * BLOCK + four, some);
    }
  }
}

fn line_span(o: u32) -> Span {
  return region_span(o, vec4<u32>(params.line.xyz, STRIDE), vec4<u32>(1u, params.line_window.yzw));
}
