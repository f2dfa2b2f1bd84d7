fn source_at(texel: vec2<u32>) -> V {
  return textureLoad(source, texel, 0);
}
