// tile, channels last: one invocation computes TILE_ROWS × TILE_COLUMNS neighbouring outputs of four neighbouring channels, lane by lane, of a window whose size is a
// constant. It walks the input rows under the tile once, reads each position's four channels as one vec4, folds a row for each column and
// merges it into every output row that holds it. Only for ops whose push looks at nothing but value and absolute index (`shareable`).
//
// Moves, per tile: (TILE_ROWS − 1)·STRIDE_H + KERNEL_H rows of (TILE_COLUMNS − 1)·STRIDE_W + KERNEL_W vec4s, and TILE_ROWS·TILE_COLUMNS results. Fast because
// neighbours read and write neighbours, whole vec4s each; because the place of a tile is found once for all its outputs; and because constant
// bounds let the compiler unroll everything.
//
// params.grid = grid width, tiles in all, tiles across, tiles down
const SPAN_H = (TILE_ROWS - 1u) * STRIDE_H + (KERNEL_H - 1u) * DILATION_H + 1u;
const SPAN_W = (TILE_COLUMNS - 1u) * STRIDE_W + (KERNEL_W - 1u) * DILATION_W + 1u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let own = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (own >= params.grid.y) {
    return;
  }
  let fours = params.channels.y / 4u;
  let tile = own / fours;
  let tile_row = tile / params.grid.z;
  let slice = tile_row / params.grid.w;
  let left = (tile % params.grid.z) * TILE_COLUMNS;
  let top = (tile_row % params.grid.w) * TILE_ROWS;
  let plane = (slice / params.depth.y) * params.channels.y + (own % fours) * 4u;
  let z = slice % params.depth.y;

  let depth = region_span(z, params.depth, params.depth_window);
  let x = left * STRIDE_W - params.width_window.y;   // wraps before the input: then it is no column either
  let base = plane_base(plane);
  let no_ctx = Ctx(0u, 1.0, 0u, U());
  let nothing = acc_init(no_ctx, carry_first(no_ctx));

  var accs: array<Acc, TILE_ROWS * TILE_COLUMNS>;
  for (var i = 0u; i < TILE_ROWS * TILE_COLUMNS; i++) {
    accs[i] = nothing;
  }

  for (var d = 0u; d < depth.count; d++) {
    let slab = (depth.first + d * depth.step) * params.height.x;
    for (var r = 0u; r < SPAN_H; r++) {
      let y = top * STRIDE_H + r - params.height_window.y;
      if (y < params.height.x) {
        let row = (slab + y) * params.width.x;
        var values: array<V, SPAN_W>;
        for (var i = 0u; i < SPAN_W; i++) {
          if (x + i < params.width.x) {
            values[i] = load(element_at(base, row + x + i));
          }
        }
        for (var column = 0u; column < TILE_COLUMNS; column++) {
          var fold = nothing;
          for (var k = 0u; k < KERNEL_W; k++) {
            let at = column * STRIDE_W + k * DILATION_W;
            if (x + at < params.width.x) {
              fold = acc_push(fold, Tap(values[at], value_of(1.0), 0u, row + x + at), no_ctx);
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
    for (var column = 0u; column < TILE_COLUMNS; column++) {
      let at = Place(plane, z, top + line, left + column);
      if (at.y < params.height.y && at.x < params.width.y) {
        let height = region_span(at.y, height_size, height_window);
        let rect = Rect(base, depth, height, region_span(at.x, width_size, width_window), Frame());
        var run: Run;
        run = run_with(run, 0u, accs[line * TILE_COLUMNS + column], rect_ctx(rect, at));
        emit_run(output_of(at), run, 4u);
      }
    }
  }
}
