// A depth buffer that a chain begins with.
@group(0) @binding(1) var source: texture_depth_2d;

fn source_at(texel: vec2<u32>) -> V {
  return textureLoad(source, texel, 0);
}
