// Values of rows that are whole fours, read four at a time; where only one of the four is wanted, alone. What lies beyond the row is read too, and left out
// by its column.
const SPAN_LEAD = (4u - PADDING_W % 4u) % 4u;   // columns between a multiple of four and the first
const SPAN_FOURS = (SPAN_LEAD + SPAN_W + 3u) / 4u;

fn load_span(base: u32, index: u32) {
  let first = base + index - SPAN_LEAD;
  for (var f = 0u; f < SPAN_FOURS; f++) {
    let begin = max(4u * f, SPAN_LEAD);
    let end = min(4u * f + 4u, SPAN_LEAD + SPAN_W);
    if (end - begin == 1u) {
      tile_span[begin - SPAN_LEAD] = load(first + begin);
    } else {
      let four = fetch_four(first + 4u * f);
      if (4u * f >= begin) { tile_span[4u * f - SPAN_LEAD] = activate(four.x); }
      if (4u * f + 1u >= begin && 4u * f + 1u < end) { tile_span[4u * f + 1u - SPAN_LEAD] = activate(four.y); }
      if (4u * f + 2u >= begin && 4u * f + 2u < end) { tile_span[4u * f + 2u - SPAN_LEAD] = activate(four.z); }
      if (4u * f + 3u < end) { tile_span[4u * f + 3u - SPAN_LEAD] = activate(four.w); }
    }
  }
}
