// last: the value of the last tap of V, as it is. Nothing seen: 0.
struct Acc {
  ordinal: U,   // counted from 1; 0 is no tap
  value: V,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  return acc_merge(acc, Acc(U(tap.ordinal + 1u), tap.value));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let a_stays = a.ordinal >= b.ordinal;
  return Acc(select(b.ordinal, a.ordinal, a_stays), select(b.value, a.value, a_stays));
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return acc.value;
}
