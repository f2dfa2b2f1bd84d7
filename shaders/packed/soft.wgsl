// An accumulator of soft.
const PACKED = 3u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(acc.key, bitcast<U>(acc.weights), bitcast<U>(acc.weighted));
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(words[0], bitcast<V>(words[1]), bitcast<V>(words[2]));
}
