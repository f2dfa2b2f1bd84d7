// Input from a depth buffer.
//
// params.channels.z = texels of a row
@group(0) @binding(1) var input: texture_depth_2d;

fn fetch(at: u32) -> f32 {
  let row = at / params.channels.z;
  return textureLoad(input, vec2<u32>(at - row * params.channels.z, row), 0);
}
