// An accumulator of std and variance.
const PACKED = 3u;

fn pack(acc: Acc) -> array<U, PACKED> {
  return array<U, PACKED>(bitcast<U>(acc.count), bitcast<U>(acc.mean), bitcast<U>(acc.squares));
}

fn unpack(words: array<U, PACKED>) -> Acc {
  return Acc(bitcast<V>(words[0]), bitcast<V>(words[1]), bitcast<V>(words[2]));
}
