fn texel_of(value: V) -> vec4<f32> {
  return value;
}
