// BLOCK neighbouring outputs whose windows begin STRIDE apart and share taps: first the core that all of them have, then each one's suffix before the core, and its prefix
// behind it. Of n outputs, kernel_size/n + STRIDE pushes and one merge each. (van Herk and Gil-Werman took blocks as long as the window; a constant length keeps the
// suffixes in registers, and two levels of them were slower.) Nothing is ever taken out of a fold again, so that one infinity or NaN stays among the outputs that hold it.
//
// The windows of a block have a core, be it empty, and taps are neighbours.
const LINE_RUN = 32u;

// The positions from..to that are inside the input, in runs that are then merged, so that long sums stay accurate.
fn line_stretch(acc: Acc, line: Line, from_tap: u32, to_tap: u32) -> Acc {
  var fold = acc;
  let last = min(bitcast<i32>(to_tap), bitcast<i32>(params.line.x));
  for (var done = max(bitcast<i32>(from_tap), 0); done < last; done += bitcast<i32>(LINE_RUN)) {
    let end = min(done + bitcast<i32>(LINE_RUN), last);
    var run = line_nothing();
    for (var tap = done; tap < end; tap++) {
      run = line_take(run, line, bitcast<u32>(tap), value_of(1.0));
    }
    fold = acc_merge(fold, run);
  }
  return fold;
}

// The fold before the core and behind it as far as it has got, and the outputs of a block.
var<private> line_suffix: Acc;
var<private> line_prefix: Acc;
var<private> line_folds: array<Acc, BLOCK>;

// The i-th output from a block's end, by the taps that it has before the output behind it.
fn line_before(line: Line, end: u32, i: u32) {
  for (var tap = 1u; tap <= STRIDE; tap++) {
    line_suffix = line_try(line_suffix, line, end - i * STRIDE - tap, value_of(1.0));
  }
  line_folds[max(BLOCK, i + 1u) - 1u - i] = line_suffix;
}

// The i-th output of a block, and the taps that those behind it have behind its own.
fn line_behind(line: Line, begin: u32, i: u32) {
  line_folds[i] = acc_merge(line_folds[i], line_prefix);
  for (var tap = 0u; tap < STRIDE; tap++) {
    line_prefix = line_try(line_prefix, line, begin + i * STRIDE + tap, value_of(1.0));
  }
}

fn line_walk(line: Line, outlet: Outlet, first: u32) {
  let begin = first * STRIDE - params.line_window.y;   // wraps before the input: then it is no position either
  let behind = begin + params.line.z;
  line_suffix = line_stretch(line_nothing(), line, begin + (BLOCK - 1u) * STRIDE, behind);
  line_prefix = line_nothing();
  line_folds[BLOCK - 1u] = line_suffix;
  // Output by output, since compilers stop to unroll where it would be much at once.
  let end = begin + BLOCK * STRIDE;
  line_before(line, end, 1u);
  line_before(line, end, 2u);
  line_before(line, end, 3u);
  if (BLOCK > 4u) {
    line_before(line, end, 4u);
    line_before(line, end, 5u);
    line_before(line, end, 6u);
    line_before(line, end, 7u);
  }
  if (BLOCK > 8u) {
    line_before(line, end, 8u);
    line_before(line, end, 9u);
    line_before(line, end, 10u);
    line_before(line, end, 11u);
    line_before(line, end, 12u);
    line_before(line, end, 13u);
    line_before(line, end, 14u);
    line_before(line, end, 15u);
  }
  line_four(line, outlet, first, behind, 0u);
  if (BLOCK > 4u) {
    line_four(line, outlet, first, behind, 4u);
  }
  if (BLOCK > 8u) {
    line_four(line, outlet, first, behind, 8u);
    line_four(line, outlet, first, behind, 12u);
  }
}

fn line_four(line: Line, outlet: Outlet, first: u32, behind: u32, four: u32) {
  let at = min(four, BLOCK - 4u);
  line_behind(line, behind, at);
  line_behind(line, behind, at + 1u);
  line_behind(line, behind, at + 2u);
  line_behind(line, behind, at + 3u);
  let some = array<Acc, 4>(line_folds[at], line_folds[at + 1u], line_folds[at + 2u], line_folds[at + 3u]);
  outlet_put(outlet, line, first, at, some);
}

fn line_span(o: u32) -> Span {
  return region_span(o, vec4<u32>(params.line.xyz, STRIDE), vec4<u32>(1u, params.line_window.yzw));
}
