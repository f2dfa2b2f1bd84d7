// probabilistic max, sample: 1 where a unit of the block is on, else 0; one unit at most, drawn with probability e^x/(1 + Σe^x), none with
// 1/(1 + Σe^x). The lot of a unit depends on the seed, its output and its ordinal alone; none has the last ordinal there is. NaN gives NaN.
//
// params.op_words = seed, its low and its high word
struct Acc {
  score: U,
  ordinal: U,
  index: U,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), U(0xffffffffu), U(0xffffffffu));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let score = lot_score_exp(tap.value, philox(ctx.output_id, U(tap.ordinal), params.op_words.xy));
  return acc_merge(acc, Acc(score, U(tap.ordinal), U(tap.index)));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let a_stays = (a.score > b.score) | ((a.score == b.score) & (a.ordinal <= b.ordinal));
  return Acc(max(a.score, b.score), select(b.ordinal, a.ordinal, a_stays), select(b.index, a.index, a_stays));
}

fn sample_is_on(acc: Acc, ctx: Ctx) -> B {
  return acc.score >= lot_score_exp(V(0.0), philox(ctx.output_id, U(0xffffffffu), params.op_words.xy));
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let on = select(V(0.0), V(1.0), sample_is_on(acc, ctx));
  return select(on, bitcast<V>(acc.score | U(0x7fc00000u)), acc.score == U(LOT_NAN));
}

fn acc_index(acc: Acc) -> U {
  return acc.index;
}
