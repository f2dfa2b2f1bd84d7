// Fields of the output as they are; what stands for no tap is beyond a byte, and saturates.
fn output_fields(values: vec4<i32>) -> vec4<u32> {
  if (OUTPUT_ELEMENT == ELEMENT_U8) {
    return bitcast<vec4<u32>>(clamp(values, vec4<i32>(0), vec4<i32>(255)));
  }
  if (OUTPUT_ELEMENT == ELEMENT_I8) {
    return bitcast<vec4<u32>>(clamp(values, vec4<i32>(-128), vec4<i32>(127))) & vec4<u32>(0xffu);
  }
  return bitcast<vec4<u32>>(values) >> vec4<u32>(16u);
}
