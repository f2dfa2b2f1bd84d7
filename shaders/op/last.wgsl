// last: the value of the last tap of V, as it is. Nothing seen: 0.
struct Acc {
  index: U,   // counted from 1; 0 is no tap
  value: V,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V());
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  return acc_merge(acc, Acc(U(tap.index + 1u), tap.value));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let a_stays = a.index >= b.index;
  return Acc(select(b.index, a.index, a_stays), select(b.value, a.value, a_stays));
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return acc.value;
}

fn acc_index(acc: Acc) -> U {
  return acc.index - U(1u);
}
