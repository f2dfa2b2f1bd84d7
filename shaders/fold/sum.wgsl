// The fold of sum and average: Σx in f32; sums of whole numbers wrap. The schedules add in blocks and trees, never one long chain.
struct Acc {
  sum: V,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(V());
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  return Acc(acc.sum + tap.value);
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  return Acc(a.sum + b.sum);
}
