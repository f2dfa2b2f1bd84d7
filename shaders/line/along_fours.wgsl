// Values four at a time, of rows that are whole fours.
fn along_values(at: u32) -> Quad {
  return fetch_four(at);
}
