// Reals as fields of the output.
fn output_fields(values: Quad) -> vec4<u32> {
  return element_fields(OUTPUT_ELEMENT, vec4<f32>(values), OUTPUT_QUANTISED);
}
