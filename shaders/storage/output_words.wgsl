// Output of elements that are the fields of words, OUTPUT_PACK of them in each. Whoever stores owns whole words, so nothing is lost to a neighbour; the
// last word may end with bytes that are none of the tensor's, which stay as they are.
@group(0) @binding(2) var<storage, read_write> output: array<u32>;

// The first `bits` bits of a word, at least one.
fn put_word(at: u32, word: u32, bits: u32) {
  if (bits >= 32u) {
    output[at] = word;
  } else {
    let own = (1u << bits) - 1u;
    output[at] = (output[at] & ~own) | (word & own);
  }
}

// `count` neighbours from `at` on, a multiple of OUTPUT_PACK; at least 1, at most 4.
fn put(at: u32, values: Quad, count: u32) {
  let fields = output_fields(values);
  if (OUTPUT_PACK == 4u) {
    put_word(at / 4u, fields.x | (fields.y << 8u) | (fields.z << 16u) | (fields.w << 24u), 8u * count);
  } else if (OUTPUT_PACK == 2u) {
    put_word(at / 2u, fields.x | (fields.y << 16u), 16u * count);
    if (count > 2u) {
      put_word(at / 2u + 1u, fields.z | (fields.w << 16u), 16u * (count - 2u));
    }
  } else {
    if (0u < count) { output[at] = fields.x; }
    if (1u < count) { output[at + 1u] = fields.y; }
    if (2u < count) { output[at + 2u] = fields.z; }
    if (3u < count) { output[at + 3u] = fields.w; }
  }
}

// Steps that add to what is there add in f32, elsewhere.
fn held(at: u32) -> f32 {
  return 0.0;
}
