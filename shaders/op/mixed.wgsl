// mixed: α·max + (1 − α)·average over V. Nothing seen: 0.
//
// params.op = α, unused, unused, unused
struct Acc {
  key: U,
  sum: V,
  index: U,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0), U(0xffffffffu));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  return acc_merge(acc, Acc(blend_key(tap.value), tap.value, U(tap.index)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  return Acc(max(a.key, b.key), a.sum + b.sum, blend_index(a.key, a.index, b.key, b.index));
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return blend(acc.key, acc.sum, V(params.op.x), V(1.0 - params.op.x), ctx);
}
