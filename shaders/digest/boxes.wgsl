// What the digests of boxes share. Boxes are rows of five floats: batch, x1, y1, x2, y2. Each becomes a row of eight words in the
// table, the first being the first input plane of its batch, or BOX_NONE for a box beyond the count or one that makes no sense, which
// raises bit 0 of the status.
//
// params.grid.y = rows of the table
// params.region = empty, spatial scale, 0.5 where samples are aligned, unused
// params.region_words = input channels, batch, sampling ratio, unused
@group(0) @binding(5) var<storage, read_write> table: array<u32>;
@group(0) @binding(7) var<storage, read> boxes: array<f32>;
@group(0) @binding(8) var<storage, read> box_count: array<u32>;
@group(0) @binding(9) var<storage, read_write> status: atomic<u32>;

const BOX_NONE = 0xffffffffu;
// Corners beyond 2²², in input positions, are refused, and so are inf and NaN, whose bits stand above.
const BOX_FARTHEST = 0x4a800000u;

fn box_corner(row: u32, at: u32) -> f32 {
  return seal(boxes[row * 5u + at] * params.region.y);
}

fn box_is_near(corner: f32) -> bool {
  return (bitcast<u32>(corner) & 0x7fffffffu) <= BOX_FARTHEST;
}

// The longest side that a box may have on an axis of `size` positions.
fn box_longest(size: u32) -> u32 {
  return 4u * size + 16u;
}

// The first input plane of the box's batch, or BOX_NONE.
fn box_plane(row: u32) -> u32 {
  let batch = boxes[row * 5u];
  let inside = (bitcast<u32>(batch) <= BOX_FARTHEST && batch < f32(params.region_words.y)) || batch == 0.0;
  if (!inside || f32(u32(batch)) != batch) {
    return BOX_NONE;
  }
  return u32(batch) * params.region_words.x;
}

fn box_refuse(row: u32) {
  table[row * 8u] = BOX_NONE;
  atomicOr(&status, 1u);
}
