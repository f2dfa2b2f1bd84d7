// Rows of the input.
fn along_base(row: u32) -> u32 {
  return params.line_places.x + row * params.line.x;
}

// Four neighbours, each folded by itself.
fn along_four(base: u32, position: u32) -> array<Acc, 4> {
  let at = base + position;
  let ctx = Ctx(0u, 1.0, 0u, U(0u));
  let values = along_values(params.bases.x + at);
  return array<Acc, 4>(
    acc_push(line_nothing(), Tap(activate(values.x), value_of(1.0), 0u, at), ctx),
    acc_push(line_nothing(), Tap(activate(values.y), value_of(1.0), 0u, at + 1u), ctx),
    acc_push(line_nothing(), Tap(activate(values.z), value_of(1.0), 0u, at + 2u), ctx),
    acc_push(line_nothing(), Tap(activate(values.w), value_of(1.0), 0u, at + 3u), ctx),
  );
}
