// tanh x, by 1 − 2/(e^2|x| + 1), which saturates where a driver's own may overflow, and near 0, where that cancels, by its series.
// NaN survives.
fn activate(x: V) -> V {
  let square = x * x;
  let series = x + x * square * (V(-1.0 / 3.0) + square * (V(2.0 / 15.0) + square * (V(-17.0 / 315.0) + square * V(62.0 / 2835.0))));
  let size = V(1.0) - V(2.0) / (exp(abs(x) * V(2.0)) + V(1.0));
  let bounded = select(select(size, -size, x < V(0.0)), series, abs(x) < V(0.25));
  return select(bounded, x, key_is_nan(bitcast<U>(x)));
}

// The way back: 1 − y² of it. What nothing comes back to stays 0, be it NaN.
fn activation_back(x: V, back: V) -> V {
  let y = activate(x);
  let none = is_zero(back);
  return or_nan(select(back * (V(1.0) - y * y), V(0.0), none), key_is_nan(bitcast<U>(x)) & !none);
}
