fn texel_of(value: V) -> vec4<f32> {
  return vec4<f32>(value, 0.0, 0.0, 1.0);
}
