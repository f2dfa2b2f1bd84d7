// The taps that one output has on one axis.
struct Span {
  first: u32,     // the first tap inside the input
  count: u32,     // taps inside the input
  step: u32,      // distance between taps
  counted: u32,   // taps inside the input and its padding
  centre2: u32,   // twice the nominal centre, in two's complement
}
