// tile: one invocation walks down a strip of TILE_COLUMNS neighbouring outputs of a window whose size is a constant. It reads every input row under the strip
// once, folds it for each column, and merges that fold into all the outputs under way whose windows hold the row; a row of outputs is stored as
// soon as it is whole. Only for ops whose push looks at nothing but value and absolute index (`shareable`).
//
// Moves, per row of outputs: STRIDE_H input rows of TILE_COLUMNS·STRIDE_W values and the window's rest, and TILE_COLUMNS results. Fast because memory
// instructions are what costs: each value is read once a strip, four at a time; because a row's fold is shared by the outputs that hold it; because
// the place of a strip is found once; and because what is constant is unrolled and the strip is not, so that compilers have little to do.
//
// Windows that share no rows gain nothing by being walked down. Their strips are one row high, and an invocation takes several, TURN = 8 apart: so eight
// neighbours read on where they stopped, however long rows are, and the place of a strip is found once for all.
//
// Windows that share slices are walked down two slices of outputs at once (SLICES), so that a slice that both hold is read once for both.
//
// params.grid = grid width, strips in all, strips across, strips down; params.flags.z = rows of outputs in a strip, or strips of one row that an invocation takes;
// params.turn = how far the eighth next strip is, in channels, columns, rows and slices
const REACH_H = (KERNEL_H - 1u) * DILATION_H + 1u;
const SPAN_W = (TILE_COLUMNS - 1u) * STRIDE_W + (KERNEL_W - 1u) * DILATION_W + 1u;
// Rows of outputs under way at once.
const LIVE = (REACH_H + STRIDE_H - 1u) / STRIDE_H;

// Whether every window lies inside the input: then all have the same taps.
const INSIDE = !ROW_EDGES && !COLUMN_EDGES && PADDING_W == 0u;

// Where a strip begins: strips are counted by channel, where four are folded lane by lane, then by column, row and slice.
struct Strip {
  channel: u32,
  left: u32,
  top: u32,
  slice: u32,
}

// A strip as it is walked.
struct Walk {
  strip: Strip,
  image: u32,                   // or the plane, where planes lie apart
  plane: u32,
  z: u32,                       // the first slice of outputs
  base: u32,
  depth: array<Span, SLICES>,   // the slices that each of them holds
  x: u32,           // the first column of input, and the first row: they may lie before the input, and so wrap
  first_row: u32,
  end_row: u32,     // where the strip's input ends
}

// The outputs under way, slice by slice and column by column: [line] is of the row that began `line` steps ago.
var<private> tile_live: array<array<array<Acc, LIVE>, TILE_COLUMNS>, SLICES>;
// The input row that is being taken: its values, and their fold for each slice and column.
var<private> tile_span: array<V, SPAN_W>;
var<private> tile_folds: array<array<Acc, TILE_COLUMNS>, SLICES>;

fn acc_nothing() -> Acc {
  let no_ctx = Ctx(0u, 1.0, 0u, U(0u));
  return acc_init(no_ctx, carry_first(no_ctx));
}

// Folds the values that one column takes of the row, for the slices that hold it; after other slices' folds, merges.
fn fold_column(column: u32, row: u32, x: u32, width: u32, held: vec2<bool>) {
  let no_ctx = Ctx(0u, 1.0, 0u, U(0u));
  var fold = acc_nothing();
  for (var k = 0u; k < KERNEL_W; k++) {
    let at = column * STRIDE_W + k * DILATION_W;
    // Columns from the first on are inside unless windows stick out at the end.
    if ((!COLUMN_EDGES && at >= PADDING_W) || x + at < width) {
      fold = acc_push(fold, Tap(tile_span[at], value_of(1.0), 0u, row + x + at), no_ctx);
    }
  }
  if (FLAT) {
    tile_folds[0][column] = fold;
  } else {
    if (held.x) {
      tile_folds[0][column] = acc_merge(tile_folds[0][column], fold);
    }
    if (SLICES > 1u && held.y) {
      tile_folds[SLICES - 1u][column] = acc_merge(tile_folds[SLICES - 1u][column], fold);
    }
  }
}

// Takes one row of one slice. Column by column, since compilers stop to unroll where it would be much at once.
fn take_slice(base: u32, row: u32, x: u32, width: u32, held: vec2<bool>) {
  load_span(base, row + x);
  fold_column(0u, row, x, width, held);
  if (TILE_COLUMNS > 1u) {
    fold_column(1u, row, x, width, held);
  }
  if (TILE_COLUMNS > 2u) {
    fold_column(2u, row, x, width, held);
    fold_column(3u, row, x, width, held);
  }
  if (TILE_COLUMNS > 4u) {
    fold_column(4u, row, x, width, held);
    fold_column(5u, row, x, width, held);
  }
  if (TILE_COLUMNS > 6u) {
    fold_column(6u, row, x, width, held);
    fold_column(7u, row, x, width, held);
  }
}

// Merges the r-th row of a step into all outputs of a column that hold it.
fn merge_column(column: u32, r: u32) {
  for (var line = 0u; line < LIVE; line++) {
    let k = (line * STRIDE_H + r) / DILATION_H;
    if (k < KERNEL_H && k * DILATION_H == line * STRIDE_H + r) {
      for (var s = 0u; s < SLICES; s++) {
        tile_live[s][column][line] = acc_merge(tile_live[s][column][line], tile_folds[s][column]);
      }
    }
  }
}

// Takes the r-th input row of a step, or the same row of several slices.
fn take_row(walk: Walk, y: u32, r: u32, height: u32, width: u32) {
  if (ROW_EDGES && y >= walk.end_row) {
    return;
  }
  if (FLAT) {
    take_slice(walk.base, y * width, walk.x, width, vec2<bool>(true));
  } else {
    for (var s = 0u; s < SLICES; s++) {
      for (var column = 0u; column < TILE_COLUMNS; column++) {
        tile_folds[s][column] = acc_nothing();
      }
    }
    // Where two share them, slices are neighbours.
    let one = walk.depth[0];
    let other = walk.depth[SLICES - 1u];
    let begin = min(one.first, other.first);
    let slices = select(one.count, max(one.first + one.count, other.first + other.count) - begin, SLICES > 1u);
    for (var d = 0u; d < slices; d++) {
      let z = begin + d * one.step;
      let held = vec2<bool>(z - one.first < one.count * one.step, z - other.first < other.count);
      take_slice(walk.base, (z * height + y) * width, walk.x, width, held);
    }
  }
  merge_column(0u, r);
  if (TILE_COLUMNS > 1u) {
    merge_column(1u, r);
  }
  if (TILE_COLUMNS > 2u) {
    merge_column(2u, r);
    merge_column(3u, r);
  }
  if (TILE_COLUMNS > 4u) {
    merge_column(4u, r);
    merge_column(5u, r);
  }
  if (TILE_COLUMNS > 6u) {
    merge_column(6u, r);
    merge_column(7u, r);
  }
}

// Takes the rows that one more row of outputs begins with, and stores the row that is then whole.
fn take_step(walk: Walk, step: u32) {
  let height = params.height;
  let width = params.width;
  let row = walk.first_row + step * STRIDE_H;
  take_row(walk, row, 0u, height.x, width.x);
  if (STRIDE_H > 1u) {
    take_row(walk, row + 1u, 1u, height.x, width.x);
  }
  for (var r = 2u; r < STRIDE_H; r++) {
    take_row(walk, row + r, r, height.x, width.x);
  }
  if (step + 1u >= LIVE) {
    put_row(walk, step, 0u);
    if (SLICES > 1u && walk.z + 1u < params.depth.y) {
      put_row(walk, step, SLICES - 1u);
    }
  }
  for (var s = 0u; s < SLICES; s++) {
    for (var column = 0u; column < TILE_COLUMNS; column++) {
      // Loops that count down are not unrolled everywhere.
      for (var i = 1u; i < LIVE; i++) {
        tile_live[s][column][LIVE - i] = tile_live[s][column][LIVE - i - 1u];
      }
      tile_live[s][column][0] = acc_nothing();
    }
  }
}

// Stores the row of one slice of outputs that a step has made whole.
fn put_row(walk: Walk, step: u32, s: u32) {
  let height = params.height;
  let width = params.width;
  var at = Place(walk.plane, walk.z + s, walk.strip.top + step + 1u - LIVE, walk.strip.left);
  let first = strip_output(walk.image, walk.strip.channel, at);
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
    let ctx = rect_ctx(Rect(walk.base, walk.depth[s], tall, wide, Frame()), at);
    run = strip_put(run, first, column, width.y - walk.strip.left, tile_live[s][column][LIVE - 1u], ctx);
  }
}

fn strip_of(number: u32, rows: u32) -> Strip {
  let grid = params.grid;
  var tile = number;
  var channel = 0u;
  if (LANES > 1u) {
    let fours = params.channels.y / LANES;
    tile = divided(number, fours);
    channel = (number - tile * fours) * LANES;
  }
  let row = divided(tile, grid.z);
  let slice = divided(row, grid.w);
  return Strip(channel, (tile - row * grid.z) * TILE_COLUMNS, (row - slice * grid.w) * rows, slice);
}

// A number that counts up to a size and goes on from 0, and whether it did.
fn counted_on(number: u32, steps: u32, size: u32) -> vec2<u32> {
  let sum = number + steps;
  return select(vec2<u32>(sum, 0u), vec2<u32>(sum - size, 1u), sum >= size);
}

// The eighth strip of one row after this one.
fn strip_next(strip: Strip) -> Strip {
  let turn = params.turn;
  let channel = counted_on(strip.channel, turn.x, select(1u, params.channels.y, LANES > 1u));
  let left = counted_on(strip.left, turn.y + TILE_COLUMNS * channel.y, params.grid.z * TILE_COLUMNS);
  let top = counted_on(strip.top, turn.z + left.y, params.grid.w);
  return Strip(channel.x, left.x, top.x, strip.slice + turn.w + top.y);
}

// Makes the outputs of a strip of so many rows.
fn take_strip(strip: Strip, rows: u32) {
  var walk: Walk;
  walk.strip = strip;
  walk.image = strip.slice;
  walk.depth[0] = Span(0u, 1u, 1u, 1u, 0u);
  if (!FLAT) {
    let deep = (params.depth.y + SLICES - 1u) / SLICES;
    walk.image = divided(strip.slice, deep);
    walk.z = (strip.slice - walk.image * deep) * SLICES;
    for (var s = 0u; s < SLICES; s++) {
      // Behind the last there may be no other: then it is taken twice, and stored once.
      walk.depth[s] = region_span(min(walk.z + s, params.depth.y - 1u), params.depth, params.depth_window);
    }
  }
  walk.plane = walk.image;
  if (LANES > 1u) {
    walk.plane = walk.image * params.channels.y + strip.channel;
  }
  walk.base = strip_base(walk.image, strip.channel);
  walk.x = strip.left * STRIDE_W - PADDING_W;
  walk.first_row = strip.top * STRIDE_H - params.height_window.y;
  walk.end_row = min(walk.first_row + (rows - 1u) * STRIDE_H + REACH_H, params.height.x);
  if (ONE_ROW) {
    take_step(walk, 0u);
  } else {
    for (var step = 0u; step < rows + LIVE - 1u; step++) {
      take_step(walk, step);
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  let each = params.flags.z;
  let strips = params.grid.y;
  for (var s = 0u; s < SLICES; s++) {
    for (var column = 0u; column < TILE_COLUMNS; column++) {
      for (var line = 0u; line < LIVE; line++) {
        tile_live[s][column][line] = acc_nothing();
      }
    }
  }
  if (ONE_ROW) {
    var number = own / TURN * TURN * each + own % TURN;
    var strip = strip_of(number, 1u);
    for (var turn = 0u; turn < each && number < strips; turn++) {
      take_strip(strip, 1u);
      strip = strip_next(strip);
      number += TURN;
    }
  } else if (own < strips) {
    let strip = strip_of(own, each);
    take_strip(strip, min(each, params.height.y - strip.top));
  }
}
