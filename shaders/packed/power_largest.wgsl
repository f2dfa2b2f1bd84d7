// An accumulator of lp at p = inf: the largest magnitude.
const PACKED = 1u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(acc.largest);
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(words[0], V(0.0), U(0xffffffffu), V(0.0));
}
