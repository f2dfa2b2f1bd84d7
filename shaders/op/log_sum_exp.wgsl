// log_sum_exp: m + (log mean exp(r(x − m)))/r over V with m = max of V, by online rescaling: the sum belongs to the largest
// value so far and is scaled down when a larger one comes. A +inf gives +inf, all −inf or nothing −inf, NaN gives NaN.
//
// params.op = r, 1/r, unused, unused
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let largest = key_to_value(acc.key);
  let mean = max(acc.sum, V(1.0)) / V(max(f32(ctx.valid), 1.0));
  let answer = largest + log(mean) * V(params.op.y);
  return select(answer, largest, (acc.key >= U(EXPONENTIAL_PLUS_INF)) | (acc.key <= U(EXPONENTIAL_MINUS_INF)));
}
