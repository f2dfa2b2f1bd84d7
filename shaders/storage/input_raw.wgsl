// Fields of the input as they are.
fn input_values(fields: vec4<u32>) -> vec4<i32> {
  if (INPUT_ELEMENT == ELEMENT_U8) {
    return bitcast<vec4<i32>>(fields);
  }
  if (INPUT_ELEMENT == ELEMENT_I8) {
    return bitcast<vec4<i32>>(fields << vec4<u32>(24u)) >> vec4<u32>(24u);
  }
  return bitcast<vec4<i32>>(fields << vec4<u32>(16u));
}
