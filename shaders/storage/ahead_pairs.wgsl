// The gradient of the output, of elements of 16 bits, of which four are read at once: two words.
@group(0) @binding(11) var<storage, read> grad_output: array<vec2<u32>>;

// Four neighbours from a multiple of four on.
fn ahead_four(output_id: u32) -> vec4<f32> {
  let words = grad_output[output_id / 4u];
  let fields = vec4<u32>(words.x & 0xffffu, words.x >> 16u, words.y & 0xffffu, words.y >> 16u);
  return element_values(AHEAD_ELEMENT, fields, false);
}
