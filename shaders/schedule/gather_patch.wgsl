// gather_patch: the way back through windows of constant size. One invocation owns a patch of SIDE_H × SIDE_W input values, whole strides of the
// window, so that every patch lies alike among the outputs: which tap of which output a value is, is known before the kernel runs.
//
// Moves, per patch: the gradient of each output whose window touches it, with what that output saved, once each and four at a time; and its
// results, by vec4s where rows are whole fours. Fast because memory instructions are what costs, and because constant numbers let the compiler
// keep sums in registers and leave out whatever the op does not look at. Outputs come row by row, so the same bits come of every run.
//
// params.grid = grid width, patches in all, patches across, patches down
const FOURS_OUT = (COUNT_W + 3i) / 4i;
const FOURS_IN = SIDE_W / 4i;

// The patch's values, and what has come back to each.
var<private> patch_owned: array<array<f32, SIDE_W>, SIDE_H>;
var<private> patch_back: array<array<f32, SIDE_W>, SIDE_H>;

struct Patch {
  slice: u32,       // of the input, counted over all planes
  plane: u32,
  z: u32,
  top: u32,
  left: u32,
  first_row: i32,   // of the outputs that touch it; in two's complement
  first_column: i32,
}

// Outputs of one slice that touch a patch, and which of their taps in depth is the patch's.
struct Layer {
  z: u32,
  depth: Span,
  tap: u32,
}

// Which tap, on one axis, of the `output`-th that touches the patch takes its value from place `own`; the kernel's size or more if none does.
fn patch_tap(own: i32, output: i32, first: i32, stride: i32, dilation: i32, padding: i32, kernel: i32) -> i32 {
  let ahead = own + padding - (first + output) * stride;
  return select(kernel, ahead / dilation, ahead >= 0i && ahead % dilation == 0i);
}

// The spans of `region_span`, with the window as constants.
fn patch_height(oy: u32) -> Span {
  let size = vec4<u32>(params.height.xy, u32(KERNEL_H), u32(STRIDE_H));
  return region_span(oy, size, vec4<u32>(u32(DILATION_H), u32(PADDING_H), params.height_window.zw));
}

fn patch_width(ox: u32) -> Span {
  let size = vec4<u32>(params.width.xy, u32(KERNEL_W), u32(STRIDE_W));
  return region_span(ox, size, vec4<u32>(u32(DILATION_W), u32(PADDING_W), params.width_window.zw));
}

// What comes back from the output in row i and column j of those that touch the patch.
fn patch_from(own: Patch, layer: Layer, i: i32, j: i32, kept: Saved, ahead: f32, inside: bool) {
  let oy = bitcast<u32>(own.first_row + i);
  let ox = bitcast<u32>(own.first_column + j);
  let height = patch_height(oy);
  let width = patch_width(ox);
  let rect = Rect(plane_base(own.plane), layer.depth, height, width, Frame());
  let ctx = rect_ctx(rect, Place(own.plane, layer.z, oy, ox));
  // Taps that lie before the input have no number.
  let skipped_h = (height.first + u32(PADDING_H) - oy * u32(STRIDE_H)) / u32(DILATION_H);
  let skipped_w = (width.first + u32(PADDING_W) - ox * u32(STRIDE_W)) / u32(DILATION_W);
  for (var y = 0i; y < SIDE_H; y++) {
    let h = patch_tap(y, i, FIRST_H, STRIDE_H, DILATION_H, PADDING_H, KERNEL_H);
    for (var x = 0i; x < SIDE_W; x++) {
      let w = patch_tap(x, j, FIRST_W, STRIDE_W, DILATION_W, PADDING_W, KERNEL_W);
      if (h < KERNEL_H && w < KERNEL_W) {
        let ordinal = (layer.tap * height.count + u32(h) - skipped_h) * width.count + u32(w) - skipped_w;
        let index = tap_index(own.z, own.top + u32(y), own.left + u32(x));
        let tap = Tap(activate(patch_owned[y][x]), value_of(1.0), ordinal, index);
        patch_back[y][x] += select(0.0, grad(tap, kept, ctx, ahead), inside);
      }
    }
  }
}

// From four neighbours in row i. The numbers of rows, fours and lanes are written out, for compilers unroll no loops as long as these.
fn patch_from_four(own: Patch, layer: Layer, i: i32, f: i32) {
  if (i < COUNT_H && f < FOURS_OUT) {
    let oy = bitcast<u32>(own.first_row + i);   // wraps above the output: then it is no row either
    let row = ((own.plane * params.depth.y + layer.z) * params.height.y + oy) * params.width.y;
    let columns = select(0u, params.width.y, oy < params.height.y);
    let four = outputs_at(row, own.first_column + 4i * f, columns);
    patch_from(own, layer, i, 4i * f, four.kept[0], four.ahead[0], four.inside[0]);
    patch_from(own, layer, i, 4i * f + 1i, four.kept[1], four.ahead[1], four.inside[1]);
    patch_from(own, layer, i, 4i * f + 2i, four.kept[2], four.ahead[2], four.inside[2]);
    patch_from(own, layer, i, 4i * f + 3i, four.kept[3], four.ahead[3], four.inside[3]);
  }
}

fn patch_from_row(own: Patch, layer: Layer, i: i32) {
  patch_from_four(own, layer, i, 0i);
  patch_from_four(own, layer, i, 1i);
  patch_from_four(own, layer, i, 2i);
}

fn patch_from_layer(own: Patch, layer: Layer) {
  patch_from_row(own, layer, 0i);
  patch_from_row(own, layer, 1i);
  patch_from_row(own, layer, 2i);
  patch_from_row(own, layer, 3i);
  patch_from_row(own, layer, 4i);
  patch_from_row(own, layer, 5i);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let patch_id = (group.y * params.grid.x + group.x) * WORKGROUP + local;
  if (patch_id >= params.grid.y) {
    return;
  }
  let line = patch_id / params.grid.z;
  let slice = line / params.grid.w;
  let across = patch_id - line * params.grid.z;
  let down = line - slice * params.grid.w;
  var own = Patch(slice, slice, 0u, down * u32(SIDE_H), across * u32(SIDE_W), 0i, 0i);
  own.first_row = bitcast<i32>(down * u32(SIDE_H / STRIDE_H)) + FIRST_H;
  own.first_column = bitcast<i32>(across * u32(SIDE_W / STRIDE_W)) + FIRST_W;
  if (!FLAT) {
    own.plane = slice / params.depth.x;
    own.z = slice - own.plane * params.depth.x;
  }

  for (var y = 0i; y < SIDE_H; y++) {
    for (var f = 0i; f < FOURS_IN; f++) {
      let row = own.top + u32(y);
      let column = own.left + u32(4i * f);
      if (row < params.height.x && column < params.width.x) {
        let at = (slice * params.height.x + row) * params.width.x + column;
        let four = owned_four(at, min(params.width.x - column, 4u));
        patch_owned[y][4i * f] = four.x;
        patch_owned[y][4i * f + 1i] = four.y;
        patch_owned[y][4i * f + 2i] = four.z;
        patch_owned[y][4i * f + 3i] = four.w;
      }
    }
  }

  if (FLAT) {
    patch_from_layer(own, Layer(0u, Span(0u, 1u, 1u, 1u, 0u), 0u));
  } else {
    let layers = region_holders(own.z, params.depth, params.depth_window);
    for (var z = layers.first; z < layers.end; z++) {
      let depth = region_span(z, params.depth, params.depth_window);
      let taps = numbers_depth(Rect(0u, depth, depth, depth, Frame()), own.z);
      if (taps.first < taps.end) {
        patch_from_layer(own, Layer(z, depth, taps.first));
      }
    }
  }

  for (var y = 0i; y < SIDE_H; y++) {
    for (var f = 0i; f < FOURS_IN; f++) {
      let row = own.top + u32(y);
      let column = own.left + u32(4i * f);
      if (row < params.height.x && column < params.width.x) {
        let at = (slice * params.height.x + row) * params.width.x + column;
        let four = Quad(
          activation_back(patch_owned[y][4i * f], patch_back[y][4i * f]),
          activation_back(patch_owned[y][4i * f + 1i], patch_back[y][4i * f + 1i]),
          activation_back(patch_owned[y][4i * f + 2i], patch_back[y][4i * f + 2i]),
          activation_back(patch_owned[y][4i * f + 3i], patch_back[y][4i * f + 3i]),
        );
        put(at, four, min(params.width.x - column, 4u));
      }
    }
  }
}
