// stochastic, sample: one tap of V, drawn with probability a/Σa, a = max(x, 0). The lot of a tap depends on the seed, its output and its
// ordinal alone; of equal scores the smaller ordinal wins. +inf is certain beside finite values. All 0 or nothing seen: 0, index −1;
// NaN gives NaN, the last.
//
// params.op_words = seed, its low and its high word
struct Acc {
  score: U,
  ordinal: U,
  index: U,
  value: V,
}

fn acc_init(ctx: Ctx, carry: Carry) -> Acc {
  return Acc(U(0u), U(0xffffffffu), U(0xffffffffu), V(0.0));
}

fn acc_push(acc: Acc, tap: Tap, ctx: Ctx) -> Acc {
  let bits = bitcast<U>(tap.value);
  let magnitude = bits & U(0x7fffffffu);
  // Negative values weigh nothing, NaN of either sign has its say.
  let weight = select(U(0u), magnitude, (bits < U(0x80000000u)) | key_is_nan(bits));
  let score = lot_score(weight, philox(ctx.output_id, U(tap.ordinal), params.op_words.xy));
  let none = score == U(0u);
  return acc_merge(acc, Acc(
    score,
    select(U(tap.ordinal), U(0xffffffffu), none),
    select(U(tap.index), U(0xffffffffu), none),
    select(tap.value, V(0.0), none),
  ));
}

fn acc_merge(a: Acc, b: Acc) -> Acc {
  let a_is_first = (a.ordinal <= b.ordinal) == (a.score != U(LOT_NAN));
  let a_stays = (a.score > b.score) | ((a.score == b.score) & a_is_first);
  return Acc(
    max(a.score, b.score),
    select(b.ordinal, a.ordinal, a_stays),
    select(b.index, a.index, a_stays),
    select(b.value, a.value, a_stays),
  );
}

fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  return acc.value;
}

fn acc_index(acc: Acc) -> U {
  return acc.index;
}
