// What the step before has saved of every output, one word of each, read by whole vec4s.
@group(0) @binding(12) var<storage, read> saved: array<vec4<u32>>;

// Of four neighbours from a multiple of four on.
fn saved_four(output_id: u32) -> array<Saved, 4> {
  let words = saved[output_id / 4u];
  return array<Saved, 4>(saved_of_word(words.x), saved_of_word(words.y), saved_of_word(words.z), saved_of_word(words.w));
}
