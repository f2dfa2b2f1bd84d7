// The values at one position of four planes, one behind the other.
fn load(at: u32) -> V {
  let plane = params.extent.z;
  return activate(V(fetch(at), fetch(at + plane), fetch(at + 2u * plane), fetch(at + 3u * plane)));
}
