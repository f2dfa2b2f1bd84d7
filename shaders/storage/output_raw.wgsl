// Fields of the output as they are, but for NaN, which is stored alike wherever it comes from; what stands for no tap is beyond a byte, and saturates.
fn output_fields(values: vec4<i32>) -> vec4<u32> {
  if (OUTPUT_ELEMENT == ELEMENT_U8) {
    return bitcast<vec4<u32>>(clamp(values, vec4<i32>(0), vec4<i32>(255)));
  }
  if (OUTPUT_ELEMENT == ELEMENT_I8) {
    return bitcast<vec4<u32>>(clamp(values, vec4<i32>(-128), vec4<i32>(127))) & vec4<u32>(0xffu);
  }
  let fields = bitcast<vec4<u32>>(values) >> vec4<u32>(16u);
  let infinity = select(0x7c00u, 0x7f80u, OUTPUT_ELEMENT == ELEMENT_BF16);
  let quiet = select(0x7e00u, 0x7fc0u, OUTPUT_ELEMENT == ELEMENT_BF16);
  return select(fields, vec4<u32>(quiet), (fields & vec4<u32>(0x7fffu)) > vec4<u32>(infinity));
}
