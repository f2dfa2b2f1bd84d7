// The gradient of the output, of elements of 16 bits, two in a word.
@group(0) @binding(11) var<storage, read> grad_output: array<u32>;

fn ahead_at(output_id: u32) -> f32 {
  let field = (grad_output[output_id / 2u] >> (16u * (output_id % 2u))) & 0xffffu;
  return element_values(AHEAD_ELEMENT, vec4<u32>(field), false).x;
}
