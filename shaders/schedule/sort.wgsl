// sort: one invocation loads the few taps of one output into registers, sorts their keys by a fixed network and takes the one at its place. For
// ops that choose by order, in regions of at most SORT_TAPS taps, where several passes would read every tap as often.
//
// An invocation owns GROUP outputs, those of one word of memory, one after the other.
//
// Moves, per output: its region's taps once, and one result. Fast because the network is known when the kernel is compiled: SORT_TAPS² / 2
// pairs of a min and a max, all in registers, no branch.
fn sorted(rect: Rect, ctx: Ctx) -> Acc {
  let weighting = weighting_of(rect, ctx);

  // Absent taps stand last: no key is above theirs.
  var keys: array<U, SORT_TAPS>;
  var nan = B(false);
  var d = 0u;
  var h = 0u;
  var w = 0u;
  for (var tap = 0u; tap < SORT_TAPS; tap++) {
    keys[tap] = U(0xffffffffu);
    if (tap < ctx.valid) {
      let value = rect_tap(rect, weighting, d, h, w, tap).value;
      nan = nan | key_is_nan(bitcast<U>(value));
      keys[tap] = sort_key(value);
      w += 1u;
      if (w == rect.width.count) {
        w = 0u;
        h += 1u;
        if (h == rect.height.count) {
          h = 0u;
          d += 1u;
        }
      }
    }
  }
  // Neighbours change places, even pairs and odd ones in turn.
  for (var turn = 0u; turn < SORT_TAPS; turn += 2u) {
    for (var left = 0u; left + 1u < SORT_TAPS; left += 2u) {
      let low = min(keys[left], keys[left + 1u]);
      keys[left + 1u] = max(keys[left], keys[left + 1u]);
      keys[left] = low;
    }
    for (var left = 1u; left + 1u < SORT_TAPS; left += 2u) {
      let low = min(keys[left], keys[left + 1u]);
      keys[left + 1u] = max(keys[left], keys[left + 1u]);
      keys[left] = low;
    }
  }
  let place = sort_place(ctx, nan);
  var key = keys[0];
  for (var tap = 1u; tap < SORT_TAPS; tap++) {
    key = select(key, keys[tap], place == U(tap));
  }
  var index = 0xffffffffu;
  if (WITH_INDEX) {
    d = 0u;
    h = 0u;
    w = 0u;
    for (var tap = 0u; tap < ctx.valid; tap++) {
      let it = rect_tap(rect, weighting, d, h, w, tap);
      index = select(index, min(index, it.index), sort_key(it.value) == key);
      w += 1u;
      if (w == rect.width.count) {
        w = 0u;
        h += 1u;
        if (h == rect.height.count) {
          h = 0u;
          d += 1u;
        }
      }
    }
  }
  return sort_acc(key, U(index));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  params = bound;
  let first = ((group.y * params.grid.x + group.x) * WORKGROUP + local) * GROUP;
  if (first >= params.extent.x) {
    return;
  }
  let count = min(params.extent.x - first, GROUP);
  var run: Run;
  var at = place_of(first);
  for (var lane = 0u; lane < count; lane++) {
    let rect = rect_of(at);
    let ctx = rect_ctx(rect, at);
    run = run_with(run, lane, sorted(rect, ctx), ctx);
    at = place_next(at);
  }
  emit_run(first, run, count);
}
