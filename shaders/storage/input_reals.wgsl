// Fields of the input as reals.
fn input_values(fields: vec4<u32>) -> vec4<f32> {
  return element_values(INPUT_ELEMENT, fields, INPUT_QUANTISED);
}
