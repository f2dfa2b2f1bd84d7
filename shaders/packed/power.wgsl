// An accumulator of lp and gem at any p: the largest magnitude, and the sum of powers relative to it.
const PACKED = 2u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(acc.largest, bitcast<U>(acc.sum));
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(words[0], bitcast<V>(words[1]), U(0xffffffffu), V(0.0));
}
