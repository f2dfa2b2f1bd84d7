// An accumulator of stochastic expectation.
const PACKED = 3u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(acc.largest, bitcast<U>(acc.sum), bitcast<U>(acc.squares));
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(words[0], bitcast<V>(words[1]), bitcast<V>(words[2]));
}
