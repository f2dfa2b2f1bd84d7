// Philox4x32-10 (Salmon et al. 2011): a random word for each counter and key, with no state.
fn philox(first: U, second: U, key: vec2<u32>) -> U {
  var x = first;
  var y = second;
  var z = U(0u);
  var w = U(0u);
  var a = key.x;
  var b = key.y;
  for (var turn = 0u; turn < 10u; turn++) {
    let high_x = word_high(x, U(0xd2511f53u));
    let low_x = x * U(0xd2511f53u);
    let high_z = word_high(z, U(0xcd9e8d57u));
    let low_z = z * U(0xcd9e8d57u);
    x = high_z ^ y ^ U(a);
    y = low_z;
    z = high_x ^ w ^ U(b);
    w = low_x;
    a += 0x9e3779b9u;
    b += 0xbb67ae85u;
  }
  return x;
}
