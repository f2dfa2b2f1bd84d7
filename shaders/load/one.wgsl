// Values one by one, from anywhere.
struct Four {
  values: Quad,
  inside: vec4<bool>,
}

fn load(at: u32) -> V {
  return activate(fetch(at));
}

// Four neighbours of the row that starts at `row`, from column x on; columns outside 0..width are marked and not read.
fn load_four(row: u32, x: i32, width: u32) -> Four {
  let columns = vec4<u32>(bitcast<u32>(x)) + vec4<u32>(0u, 1u, 2u, 3u);
  let inside = columns < vec4<u32>(width);
  var values = Quad();
  if (inside.x) { values.x = load(row + columns.x); }
  if (inside.y) { values.y = load(row + columns.y); }
  if (inside.z) { values.z = load(row + columns.z); }
  if (inside.w) { values.w = load(row + columns.w); }
  return Four(values, inside);
}
