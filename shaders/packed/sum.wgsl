// An accumulator of sum and average.
const PACKED = 1u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(bitcast<U>(acc.sum));
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(bitcast<V>(words[0]));
}
