// Input from a texture of INPUT_CHANNELS channels, one image of whole rows.
//
// params.channels.z = texels of a row
@group(0) @binding(1) var input: texture_2d<f32>;

fn texel_at(position: u32) -> vec4<f32> {
  let row = position / params.channels.z;
  return textureLoad(input, vec2<u32>(position - row * params.channels.z, row), 0);
}

fn fetch(at: u32) -> f32 {
  return texel_at(at / INPUT_CHANNELS)[at % INPUT_CHANNELS];
}

// The channels of one texel.
fn fetch_four(at: u32) -> vec4<f32> {
  return texel_at(at / 4u);
}
