// weighted: Σwx/Σw over V, or Σwx, with weights from a buffer or by the tap's place. Σw = 0, or nothing seen: 0.
//
// params.op_words = 1 to divide by Σw, unused, unused, unused
fn acc_finish(acc: Acc, ctx: Ctx) -> V {
  let nothing = acc.weights == V(0.0);
  let mean = select(acc.sum / select(acc.weights, V(1.0), nothing), V(0.0), nothing);
  return select(acc.sum, mean, B(params.op_words.x != 0u));
}
