// An accumulator of gaussian.
const PACKED = 2u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(bitcast<U>(acc.sum), bitcast<U>(acc.weights));
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(bitcast<V>(words[0]), bitcast<V>(words[1]));
}
