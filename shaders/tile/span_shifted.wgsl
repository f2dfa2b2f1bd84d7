// Values of rows that begin anywhere, read four at a time from the multiple of four at or before the first, and then moved into their places. For tensors
// of whole fours. What lies beyond the row is read too, and left out by its column.
const SPAN_FOURS = (SPAN_W + 6u) / 4u;

fn load_span(base: u32, index: u32) {
  // The first may lie before the tensor: then it is below 0 in two's complement.
  let start = base + index;
  let first = bitcast<u32>(bitcast<i32>(start) >> 2u) * 4u;
  var read: array<One, SPAN_FOURS * 4u>;
  for (var f = 0u; f < SPAN_FOURS; f++) {
    let four = fetch_four(first + 4u * f);
    read[4u * f] = four.x;
    read[4u * f + 1u] = four.y;
    read[4u * f + 2u] = four.z;
    read[4u * f + 3u] = four.w;
  }
  let by_one = (start & 1u) != 0u;
  let by_two = (start & 2u) != 0u;
  for (var i = 0u; i < SPAN_W + 2u; i++) {
    read[i] = select(read[i], read[i + 1u], by_one);
  }
  for (var i = 0u; i < SPAN_W; i++) {
    tile_span[i] = activate(select(read[i], read[i + 2u], by_two));
  }
}
