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
// Rows of outputs under way at once.
const LIVE = (REACH_H + STRIDE_H - 1u) / STRIDE_H;

// Where a strip begins.
struct Strip {
  plane: u32,
  z: u32,
  top: u32,
  left: u32,
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.grid.y) {
    return;
  }
  let strip = strip_of(own);
  let rows = min(params.flags.z, params.height.y - strip.top);
  let depth = region_span(strip.z, params.depth, params.depth_window);
  let base = plane_base(strip.plane);
  // Both may lie before the input, and so wrap.
  let x = strip.left * STRIDE_W - PADDING_W;
  let first_row = strip.top * STRIDE_H - params.height_window.y;
  let end_row = min(first_row + (rows - 1u) * STRIDE_H + REACH_H, params.height.x);
  let no_ctx = Ctx(0u, 1.0, 0u, U());
  let nothing = acc_init(no_ctx, carry_first(no_ctx));

  // With the window as constants, the compiler takes the divisions out of the counts.
  let height_size = vec4<u32>(params.height.xy, KERNEL_H, STRIDE_H);
  let width_size = vec4<u32>(params.width.xy, KERNEL_W, STRIDE_W);
  let height_window = vec4<u32>(DILATION_H, params.height_window.yzw);
  let width_window = vec4<u32>(DILATION_W, params.width_window.yzw);

  // accs[line·TILE_COLUMNS + column] is of the output row that began `line` steps ago.
  var accs: array<Acc, LIVE * TILE_COLUMNS>;
  for (var i = 0u; i < LIVE * TILE_COLUMNS; i++) {
    accs[i] = nothing;
  }
  for (var step = 0u; step < rows + LIVE - 1u; step++) {
    for (var r = 0u; r < STRIDE_H; r++) {
      let y = first_row + step * STRIDE_H + r;
      var folds: array<Acc, TILE_COLUMNS>;
      for (var column = 0u; column < TILE_COLUMNS; column++) {
        folds[column] = nothing;
      }
      if (!ROW_EDGES || y < end_row) {
        for (var d = 0u; d < select(depth.count, 1u, FLAT); d++) {
          let row = (depth.first + d * depth.step) * params.height.x * params.width.x + y * params.width.x;
          let values = load_span(base, row + x);
          for (var column = 0u; column < TILE_COLUMNS; column++) {
            var fold = nothing;
            for (var k = 0u; k < KERNEL_W; k++) {
              let at = column * STRIDE_W + k * DILATION_W;
              // Columns from the first on are inside unless windows stick out at the end.
              if (!COLUMN_EDGES && at >= PADDING_W || x + at < params.width.x) {
                fold = acc_push(fold, Tap(values[at], value_of(1.0), 0u, row + x + at), no_ctx);
              }
            }
            folds[column] = acc_merge(folds[column], fold);
          }
        }
      }
      for (var line = 0u; line < LIVE; line++) {
        let k = (line * STRIDE_H + r) / DILATION_H;
        if (k < KERNEL_H && k * DILATION_H == line * STRIDE_H + r) {
          for (var column = 0u; column < TILE_COLUMNS; column++) {
            let at = line * TILE_COLUMNS + column;
            accs[at] = acc_merge(accs[at], folds[column]);
          }
        }
      }
    }
    if (step + 1u >= LIVE) {
      var at = Place(strip.plane, strip.z, strip.top + step + 1u - LIVE, strip.left);
      let height = region_span(at.y, height_size, height_window);
      var run: Run;
      for (var column = 0u; column < TILE_COLUMNS; column++) {
        at.x = min(strip.left + column, params.width.y - 1u);
        let rect = Rect(base, depth, height, region_span(at.x, width_size, width_window), Frame());
        let acc = accs[(LIVE - 1u) * TILE_COLUMNS + column];
        run = strip_put(run, strip, at, column, acc, rect_ctx(rect, at));
      }
    }
    for (var i = 1u; i < LIVE; i++) {
      for (var column = 0u; column < TILE_COLUMNS; column++) {
        accs[(LIVE - i) * TILE_COLUMNS + column] = accs[(LIVE - i - 1u) * TILE_COLUMNS + column];
      }
    }
    for (var column = 0u; column < TILE_COLUMNS; column++) {
      accs[column] = nothing;
    }
  }
}
