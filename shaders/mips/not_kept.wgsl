// No step follows.
fn keep(texel: vec2<u32>, value: V) {
}
