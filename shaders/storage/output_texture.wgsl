// Output into a texture of OUTPUT_CHANNELS channels, one image of whole rows.
//
// params.channels.w = texels of a row
@group(0) @binding(2) var output: Target;

fn put_texel(position: u32, texel: vec4<f32>) {
  let row = position / params.channels.w;
  textureStore(output, vec2<u32>(position - row * params.channels.w, row), texel);
}

// `count` neighbours from `at` on; at most 4. Of four channels a texel, all four.
fn put(at: u32, values: Quad, count: u32) {
  let four = vec4<f32>(values);
  if (OUTPUT_CHANNELS == 4u) {
    put_texel(at / 4u, four);
  } else {
    if (0u < count) { put_texel(at, vec4<f32>(four.x, 0.0, 0.0, 1.0)); }
    if (1u < count) { put_texel(at + 1u, vec4<f32>(four.y, 0.0, 0.0, 1.0)); }
    if (2u < count) { put_texel(at + 2u, vec4<f32>(four.z, 0.0, 0.0, 1.0)); }
    if (3u < count) { put_texel(at + 3u, vec4<f32>(four.w, 0.0, 0.0, 1.0)); }
  }
}
