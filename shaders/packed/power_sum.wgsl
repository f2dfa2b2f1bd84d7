// An accumulator of lp at p = 1 and 2: a plain sum.
const PACKED = 1u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(bitcast<U>(acc.sum));
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(U(0u), bitcast<V>(words[0]), U(0xffffffffu), V(0.0));
}
