// line, along: the last axis of a window for BLOCK neighbouring outputs of one row, whose windows begin one position apart. As line/shared.wgsl does it, by the core that all of
// them have, suffixes before it and prefixes behind it; but values are read four at a time along the row and folded one by one, so no lines are turned before and after, and
// what an invocation reads lies together. Neighbours read BLOCK values apart, which software adapters do not mind.
//
// Moves, per output: (kernel_size + BLOCK)/BLOCK values, four at a time, and one result.
//
// LEAD, TAIL: positions from a multiple of four to the block's first tap, and to the first behind its first window.
// params.grid = grid width, invocations, blocks in a row, unused; params.line, line_window and line_places as in schedule/line.wgsl
const ALONG_RUN = 32u;

fn line_nothing() -> Acc {
  let ctx = Ctx(0u, 1.0, 0u, U(0u));
  return acc_init(ctx, carry_first(ctx));
}

fn line_span(o: u32) -> Span {
  return region_span(o, params.line, params.line_window);
}

var<private> along_fold: Acc;                   // the suffix, then the prefix
var<private> along_folds: array<Acc, BLOCK>;
// The four values at hand, each a fold of its own, and the next four.
var<private> along_ones: array<Acc, 4>;
var<private> along_next: array<Acc, 4>;

// One value more, where its position is in the row.
fn along_add(fold: Acc, one: Acc, position: u32) -> Acc {
  if (position < params.line.x) {
    return acc_merge(fold, one);
  }
  return fold;
}

// The positions from..to: in runs that are then merged, so that long sums stay accurate.
fn along_stretch(base: u32, from_tap: u32, to_tap: u32) -> Acc {
  let first = max(bitcast<i32>(from_tap), 0);
  let last = min(bitcast<i32>(to_tap), bitcast<i32>(params.line.x));
  var fold = line_nothing();
  for (var done = first / 4 * 4; done < last; done += bitcast<i32>(ALONG_RUN)) {
    var run = line_nothing();
    for (var at = done; at < min(done + bitcast<i32>(ALONG_RUN), last); at += 4) {
      let ones = along_four(base, bitcast<u32>(at));
      if (at >= first) { run = acc_merge(run, ones[0]); }
      if (at + 1 >= first && at + 1 < last) { run = acc_merge(run, ones[1]); }
      if (at + 2 >= first && at + 2 < last) { run = acc_merge(run, ones[2]); }
      if (at + 3 >= first && at + 3 < last) { run = acc_merge(run, ones[3]); }
    }
    fold = acc_merge(fold, run);
  }
  return fold;
}

// The output whose window begins at the lane's place of the m-th four, by the taps that it has before the core.
fn along_before(begin: u32, m: u32, lane: u32) {
  let i = 4u * m + lane - LEAD;
  if (i < BLOCK - 1u) {
    along_fold = along_add(along_fold, along_ones[lane], begin + i);
    along_folds[min(i, BLOCK - 1u)] = along_fold;
  }
}

fn along_before_four(base: u32, begin: u32, m: u32) {
  if (4u * m < BLOCK - 1u + LEAD) {
    along_ones = along_four(base, begin - LEAD + 4u * m);
    along_before(begin, m, 3u);
    along_before(begin, m, 2u);
    along_before(begin, m, 1u);
    along_before(begin, m, 0u);
  }
}

// The i-th output of the block, and what those behind it have behind its window.
fn along_behind(behind: u32, i: u32, place: u32) {
  along_folds[i] = acc_merge(along_folds[i], along_fold);
  if (place < 4u) {
    along_fold = along_add(along_fold, along_ones[place % 4u], behind + i);
  } else {
    along_fold = along_add(along_fold, along_next[place % 4u], behind + i);
  }
}

fn along_put(at: u32, rest: Rest, first: u32, four: u32) {
  let left = params.line.y - min(first + four, params.line.y);
  if (left > 0u) {
    var run: Run;
    for (var i = 0u; i < 4u; i++) {
      let own = along_folds[four + i];
      run.values[i] = region_answer(own, line_ctx(rest, min(first + four + i, params.line.y - 1u)));
      if (WITH_INDEX) {
        run.indices[i] = plane_index(acc_index(own));
      }
    }
    emit_run(at + four, run, min(left, 4u));
  }
}

fn along_behind_four(base: u32, behind: u32, at: u32, rest: Rest, first: u32, m: u32) {
  if (4u * m < BLOCK) {
    let four = min(4u * m, BLOCK - 4u);
    along_ones = along_next;
    if (four + 4u < BLOCK + TAIL) {
      along_next = along_four(base, behind - TAIL + four + 4u);
    }
    along_behind(behind, four, TAIL);
    along_behind(behind, four + 1u, TAIL + 1u);
    along_behind(behind, four + 2u, TAIL + 2u);
    along_behind(behind, four + 3u, TAIL + 3u);
    along_put(at, rest, first, four);
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.grid.y) {
    return;
  }
  let row = own / params.grid.z;
  let first = (own - row * params.grid.z) * BLOCK;
  let base = along_base(row);
  let begin = first - params.line_window.y;   // wraps before the input: then it is no position either
  let behind = begin + params.line.z;
  along_fold = along_stretch(base, begin + BLOCK - 1u, behind);
  along_folds[BLOCK - 1u] = along_fold;
  // Four by four, since compilers stop to unroll where it would be much at once.
  along_before_four(base, begin, 4u);
  along_before_four(base, begin, 3u);
  along_before_four(base, begin, 2u);
  along_before_four(base, begin, 1u);
  along_before_four(base, begin, 0u);
  let at = params.line_places.y + row * params.line.y + first;
  let rest = rest_of(at);
  along_fold = line_nothing();
  along_next = along_four(base, behind - TAIL);
  along_behind_four(base, behind, at, rest, first, 0u);
  along_behind_four(base, behind, at, rest, first, 1u);
  along_behind_four(base, behind, at, rest, first, 2u);
  along_behind_four(base, behind, at, rest, first, 3u);
}
