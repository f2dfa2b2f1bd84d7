// tile: one invocation computes TILE_ROWS × 4 neighbouring outputs of a window whose size is a constant. It walks the input rows
// under the tile once, reads each as vec4s into registers, folds it for the four columns, and merges that row into every
// output row that holds it. Only for ops whose push looks at nothing but value and absolute index (`shareable`).
//
// Moves, per tile: (TILE_ROWS − 1)·STRIDE_H + KERNEL_H rows of 3·STRIDE_W + KERNEL_W values, and 4·TILE_ROWS results. Fast
// because memory instructions are what costs: each value is read once a tile, not once a tap, four at a time; because a row's
// fold is shared by the output rows; and because constant bounds let the compiler unroll everything and keep it in registers.
//
// LEAD: aligned rows are read from the multiple of four at or before the tile's first column, that many columns before it.
// params.grid = grid width, tiles in all, tiles across, tiles down
const SPAN_H = (TILE_ROWS - 1u) * STRIDE_H + (KERNEL_H - 1u) * DILATION_H + 1u;
const SPAN_W = (TILE_COLUMNS - 1u) * STRIDE_W + (KERNEL_W - 1u) * DILATION_W + 1u;
const FOURS = (LEAD + SPAN_W + 3u) / 4u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let tile = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (tile >= params.grid.y) {
    return;
  }
  let tile_row = tile / params.grid.z;
  let slice = tile_row / params.grid.w;
  let left = (tile % params.grid.z) * TILE_COLUMNS;
  let top = (tile_row % params.grid.w) * TILE_ROWS;
  let plane = slice / params.depth.y;
  let z = slice % params.depth.y;

  let depth = region_span(z, params.depth, params.depth_window);
  let x = bitcast<i32>(left * STRIDE_W - params.width_window.y - LEAD);
  let base = plane * params.extent.z;
  let no_ctx = Ctx(0u, 1.0, 0u, U());
  let nothing = acc_init(no_ctx, carry_first(no_ctx));

  var accs: array<Acc, TILE_ROWS * TILE_COLUMNS>;
  for (var i = 0u; i < TILE_ROWS * TILE_COLUMNS; i++) {
    accs[i] = nothing;
  }

  for (var d = 0u; d < depth.count; d++) {
    let slab = (depth.first + d * depth.step) * params.height.x;
    for (var r = 0u; r < SPAN_H; r++) {
      let y = top * STRIDE_H + r - params.height_window.y;   // wraps above the input: then it is no row either
      if (y < params.height.x) {
        let row = (slab + y) * params.width.x;
        var values: array<V, FOURS * 4u>;
        var inside: array<bool, FOURS * 4u>;
        for (var f = 0u; f < FOURS; f++) {
          let four = load_four(base + row, x + bitcast<i32>(4u * f), params.width.x);
          values[4u * f] = four.values.x;
          values[4u * f + 1u] = four.values.y;
          values[4u * f + 2u] = four.values.z;
          values[4u * f + 3u] = four.values.w;
          inside[4u * f] = four.inside.x;
          inside[4u * f + 1u] = four.inside.y;
          inside[4u * f + 2u] = four.inside.z;
          inside[4u * f + 3u] = four.inside.w;
        }
        for (var column = 0u; column < TILE_COLUMNS; column++) {
          var fold = nothing;
          for (var k = 0u; k < KERNEL_W; k++) {
            let at = LEAD + column * STRIDE_W + k * DILATION_W;
            if (inside[at]) {
              let index = row + bitcast<u32>(x) + at;
              fold = acc_push(fold, Tap(values[at], value_of(1.0), 0u, index), no_ctx);
            }
          }
          for (var line = 0u; line < TILE_ROWS; line++) {
            let k = (r - line * STRIDE_H) / DILATION_H;
            if (r >= line * STRIDE_H && k < KERNEL_H && line * STRIDE_H + k * DILATION_H == r) {
              accs[line * TILE_COLUMNS + column] = acc_merge(accs[line * TILE_COLUMNS + column], fold);
            }
          }
        }
      }
    }
  }

  // With the window as constants, the compiler takes the divisions out of the counts.
  let height_size = vec4<u32>(params.height.xy, KERNEL_H, STRIDE_H);
  let width_size = vec4<u32>(params.width.xy, KERNEL_W, STRIDE_W);
  let height_window = vec4<u32>(DILATION_H, params.height_window.yzw);
  let width_window = vec4<u32>(DILATION_W, params.width_window.yzw);
  for (var line = 0u; line < TILE_ROWS; line++) {
    if (top + line < params.height.y) {
      var at = Place(plane, z, top + line, left);
      let first = (slice * params.height.y + at.y) * params.width.y + left;
      let height = region_span(at.y, height_size, height_window);
      var run: Run;
      for (var column = 0u; column < TILE_COLUMNS; column++) {
        at.x = min(left + column, params.width.y - 1u);
        let rect = Rect(base, depth, height, region_span(at.x, width_size, width_window), Frame());
        let acc = accs[line * TILE_COLUMNS + column];
        run = run_with(run, column, acc, rect_ctx(rect, at));
      }
      emit_run(first, run, min(params.width.y - left, TILE_COLUMNS));
    }
  }
}
