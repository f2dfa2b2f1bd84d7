// Values one by one, of rows that begin anywhere.
fn along_values(at: u32) -> Quad {
  return Quad(fetch(at), fetch(at + 1u), fetch(at + 2u), fetch(at + 3u));
}
