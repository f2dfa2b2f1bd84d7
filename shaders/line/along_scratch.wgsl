// Rows of accumulators that the step before has left, four side by side, word by word; the last word is the index where there is one.
@group(0) @binding(4) var<storage, read_write> scratch: array<vec4<u32>>;

fn along_base(row: u32) -> u32 {
  return params.line_places.x + row * ((params.line.x + 3u) / 4u);
}

fn along_four(base: u32, position: u32) -> array<Acc, 4> {
  let at = (base + bitcast<u32>(bitcast<i32>(position) >> 2u)) * PACKED;
  var words: array<array<U, PACKED>, 4>;
  for (var word = 0u; word < PACKED; word++) {
    let four = scratch[at + word];
    words[0][word] = four.x;
    words[1][word] = four.y;
    words[2][word] = four.z;
    words[3][word] = four.w;
  }
  return array<Acc, 4>(unpack(words[0]), unpack(words[1]), unpack(words[2]), unpack(words[3]));
}
