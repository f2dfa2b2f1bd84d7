// Values of rows that are whole fours: neighbours come four at a time.
struct Four {
  values: Quad,
  inside: vec4<bool>,
}

fn load(at: u32) -> V {
  return activate(fetch(at));
}

// Four neighbours of the row that starts at `row`, from column x on, a multiple of four: inside together or not at all.
fn load_four(row: u32, x: i32, width: u32) -> Four {
  let column = bitcast<u32>(x);
  let inside = column < width;
  var values = Quad();
  if (inside) {
    let four = fetch_four(row + column);
    values = Quad(activate(four.x), activate(four.y), activate(four.z), activate(four.w));
  }
  return Four(values, vec4<bool>(inside));
}
