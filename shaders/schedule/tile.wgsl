// tile: one invocation walks down a strip of TILE_COLUMNS neighbouring outputs of a window whose size is a constant. It reads every input row under the strip
// once, folds it for each column, and merges that fold into all the outputs under way whose windows hold the row; a row of outputs is stored as
// soon as it is whole. Only for ops whose push looks at nothing but value and absolute index (`shareable`).
//
// Moves, per row of outputs: STRIDE_H input rows of TILE_COLUMNS·STRIDE_W values and the window's rest, and TILE_COLUMNS results. Fast because memory
// instructions are what costs: each value is read once a strip, four at a time; because a row's fold is shared by the outputs that hold it; because
// the place of a strip is found once; and because what is constant is unrolled and the strip is not, so that compilers have little to do.
//
// params.grid = grid width, strips in all, strips across, strips down; params.flags.z = rows of outputs in a strip
const REACH_H = (KERNEL_H - 1u) * DILATION_H + 1u;
const SPAN_W = (TILE_COLUMNS - 1u) * STRIDE_W + (KERNEL_W - 1u) * DILATION_W + 1u;
// The columns, as far as there are so many.
const TILE_1 = min(1u, TILE_COLUMNS - 1u);
const TILE_2 = min(2u, TILE_COLUMNS - 1u);
const TILE_3 = min(3u, TILE_COLUMNS - 1u);
const TILE_4 = min(4u, TILE_COLUMNS - 1u);
const TILE_5 = min(5u, TILE_COLUMNS - 1u);
const TILE_6 = min(6u, TILE_COLUMNS - 1u);
const TILE_7 = min(7u, TILE_COLUMNS - 1u);
// Rows of outputs under way at once.
const LIVE = (REACH_H + STRIDE_H - 1u) / STRIDE_H;

// Whether every window lies inside the input: then all have the same taps.
const INSIDE = !ROW_EDGES && !COLUMN_EDGES && PADDING_W == 0u;

// Where a strip begins.
struct Strip {
  plane: u32,
  z: u32,
  top: u32,
  left: u32,
}

// A strip as it is walked.
struct Walk {
  strip: Strip,
  base: u32,
  depth: Span,
  x: u32,           // the first column of input, and the first row: they may lie before the input, and so wrap
  first_row: u32,
  end_row: u32,     // where the strip's input ends
}

fn acc_nothing() -> Acc {
  let no_ctx = Ctx(0u, 1.0, 0u, U());
  return acc_init(no_ctx, carry_first(no_ctx));
}

// One input row, or the same row of several slices, folded for each column.
fn row_folds(walk: Walk, y: u32, height: u32, width: u32) -> array<Acc, TILE_COLUMNS> {
  if (FLAT) {
    return slice_folds(walk.base, y * width, walk.x, width);
  }
  var folds: array<Acc, TILE_COLUMNS>;
  for (var column = 0u; column < TILE_COLUMNS; column++) {
    folds[column] = acc_nothing();
  }
  for (var d = 0u; d < walk.depth.count; d++) {
    let of_slice = slice_folds(walk.base, ((walk.depth.first + d * walk.depth.step) * height + y) * width, walk.x, width);
    for (var column = 0u; column < TILE_COLUMNS; column++) {
      folds[column] = acc_merge(folds[column], of_slice[column]);
    }
  }
  return folds;
}

fn slice_folds(base: u32, row: u32, x: u32, width: u32) -> array<Acc, TILE_COLUMNS> {
  let values = load_span(base, row + x);
  var folds: array<Acc, TILE_COLUMNS>;
  // Column by column, since compilers stop to unroll where it would be much at once.
  folds[0] = column_fold(values, 0u, row, x, width);
  if (TILE_COLUMNS > 1u) {
    folds[TILE_1] = column_fold(values, 1u, row, x, width);
  }
  if (TILE_COLUMNS > 2u) {
    folds[TILE_2] = column_fold(values, 2u, row, x, width);
    folds[TILE_3] = column_fold(values, 3u, row, x, width);
  }
  if (TILE_COLUMNS > 4u) {
    folds[TILE_4] = column_fold(values, 4u, row, x, width);
    folds[TILE_5] = column_fold(values, 5u, row, x, width);
    folds[TILE_6] = column_fold(values, 6u, row, x, width);
    folds[TILE_7] = column_fold(values, 7u, row, x, width);
  }
  return folds;
}

fn column_fold(values: array<V, SPAN_W>, column: u32, row: u32, x: u32, width: u32) -> Acc {
  let no_ctx = Ctx(0u, 1.0, 0u, U());
  var held = values;
  var fold = acc_nothing();
  for (var k = 0u; k < KERNEL_W; k++) {
    let at = column * STRIDE_W + k * DILATION_W;
    // Columns from the first on are inside unless windows stick out at the end.
    if (!COLUMN_EDGES && at >= PADDING_W || x + at < width) {
      fold = acc_push(fold, Tap(held[at], value_of(1.0), 0u, row + x + at), no_ctx);
    }
  }
  return fold;
}

// The outputs of one column that are under way: [line] is of the row that began `line` steps ago.
struct Live {
  accs: array<Acc, LIVE>,
}

// Merges the r-th row of a step into all that hold it.
fn with_row(live: Live, r: u32, fold: Acc) -> Live {
  var next = live;
  for (var line = 0u; line < LIVE; line++) {
    let k = (line * STRIDE_H + r) / DILATION_H;
    if (k < KERNEL_H && k * DILATION_H == line * STRIDE_H + r) {
      next.accs[line] = acc_merge(next.accs[line], fold);
    }
  }
  return next;
}

fn with_rows(live: array<Live, TILE_COLUMNS>, r: u32, folds: array<Acc, TILE_COLUMNS>) -> array<Live, TILE_COLUMNS> {
  var next = live;
  next[0] = with_row(live[0], r, folds[0]);
  if (TILE_COLUMNS > 1u) {
    next[TILE_1] = with_row(live[TILE_1], r, folds[TILE_1]);
  }
  if (TILE_COLUMNS > 2u) {
    next[TILE_2] = with_row(live[TILE_2], r, folds[TILE_2]);
    next[TILE_3] = with_row(live[TILE_3], r, folds[TILE_3]);
  }
  if (TILE_COLUMNS > 4u) {
    next[TILE_4] = with_row(live[TILE_4], r, folds[TILE_4]);
    next[TILE_5] = with_row(live[TILE_5], r, folds[TILE_5]);
    next[TILE_6] = with_row(live[TILE_6], r, folds[TILE_6]);
    next[TILE_7] = with_row(live[TILE_7], r, folds[TILE_7]);
  }
  return next;
}

// Takes the rows that one more row of outputs begins with, and stores the row that is then whole.
fn walked(walk: Walk, live: array<Live, TILE_COLUMNS>, step: u32) -> array<Live, TILE_COLUMNS> {
  // Whole vectors, since software adapters read each member alone.
  let height = params.height;
  let width = params.width;
  let row = walk.first_row + step * STRIDE_H;
  var next = live;
  // Row by row, since compilers stop to unroll where it would be much at once.
  if (!ROW_EDGES || row < walk.end_row) {
    next = with_rows(next, 0u, row_folds(walk, row, height.x, width.x));
  }
  if (STRIDE_H > 1u && (!ROW_EDGES || row + 1u < walk.end_row)) {
    next = with_rows(next, 1u, row_folds(walk, row + 1u, height.x, width.x));
  }
  for (var r = 2u; r < STRIDE_H; r++) {
    if (!ROW_EDGES || row + r < walk.end_row) {
      next = with_rows(next, r, row_folds(walk, row + r, height.x, width.x));
    }
  }
  if (step + 1u >= LIVE) {
    var at = Place(walk.strip.plane, walk.strip.z, walk.strip.top + step + 1u - LIVE, walk.strip.left);
    let first = output_of(at);
    // With the window as constants, the compiler takes the divisions out of the counts.
    var tall = Span(0u, KERNEL_H, DILATION_H, KERNEL_H, 0u);
    var wide = Span(0u, KERNEL_W, DILATION_W, KERNEL_W, 0u);
    if (!INSIDE) {
      tall = region_span(at.y, vec4<u32>(height.xy, KERNEL_H, STRIDE_H), vec4<u32>(DILATION_H, params.height_window.yzw));
    }
    var run: Run;
    for (var column = 0u; column < TILE_COLUMNS; column++) {
      at.x = min(walk.strip.left + column, width.y - 1u);
      if (!INSIDE) {
        wide = region_span(at.x, vec4<u32>(width.xy, KERNEL_W, STRIDE_W), vec4<u32>(DILATION_W, params.width_window.yzw));
      }
      let ctx = rect_ctx(Rect(walk.base, walk.depth, tall, wide, Frame()), at);
      run = strip_put(run, first, column, width.y - walk.strip.left, next[column].accs[LIVE - 1u], ctx);
    }
  }
  let nothing = acc_nothing();
  for (var column = 0u; column < TILE_COLUMNS; column++) {
    // Loops that count down are not unrolled everywhere.
    for (var i = 1u; i < LIVE; i++) {
      next[column].accs[LIVE - i] = next[column].accs[LIVE - i - 1u];
    }
    next[column].accs[0] = nothing;
  }
  return next;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let grid = params.grid;
  let own = (group.y * grid.x + group.x) * WORKGROUP + local;
  if (own >= grid.y) {
    return;
  }
  let each = params.flags.z;
  let height = params.height;
  let strip = strip_of(own, grid, each);
  let rows = min(each, height.y - strip.top);
  var walk: Walk;
  walk.strip = strip;
  walk.base = plane_base(strip.plane);
  walk.depth = Span(0u, 1u, 1u, 1u, 0u);
  if (!FLAT) {
    walk.depth = region_span(strip.z, params.depth, params.depth_window);
  }
  walk.x = strip.left * STRIDE_W - PADDING_W;
  walk.first_row = strip.top * STRIDE_H - params.height_window.y;
  walk.end_row = min(walk.first_row + (rows - 1u) * STRIDE_H + REACH_H, height.x);

  var live: array<Live, TILE_COLUMNS>;
  let nothing = acc_nothing();
  for (var column = 0u; column < TILE_COLUMNS; column++) {
    for (var line = 0u; line < LIVE; line++) {
      live[column].accs[line] = nothing;
    }
  }
  if (ONE_ROW) {
    live = walked(walk, live, 0u);
  } else {
    for (var step = 0u; step < rows + LIVE - 1u; step++) {
      live = walked(walk, live, step);
    }
  }
}
