// The one parameter block of every kernel: filled by `plan::Params` in Rust, whose layout a test compares with this one.
// Members are vec4 only, so that no two compilers can disagree about padding.
struct Params {
  // One vec4 an axis: input size, output size, kernel size, stride.
  depth: vec4<u32>,
  height: vec4<u32>,
  width: vec4<u32>,
  // One vec4 an axis: dilation, padding at begin, padding at end, unused.
  depth_window: vec4<u32>,
  height_window: vec4<u32>,
  width_window: vec4<u32>,
  // Outputs in all, channels, positions in an input plane, positions in an output plane.
  extent: vec4<u32>,
  // Workgroups in one row of the dispatch grid, then up to three numbers that a schedule names for itself.
  grid: vec4<u32>,
  // 1 where padding counts towards the divisor; taps in a part, the piece of a segment that one invocation folds; of the tile kernel, rows of outputs
  // in a strip, or strips of one row an invocation; unused.
  flags: vec4<u32>,
  // The op's own parameters: the op file says which.
  op: vec4<f32>,
  // The op's own whole numbers.
  op_words: vec4<u32>,
  // The weighting's own parameters: the weighting file says which.
  weighting: vec4<f32>,
  // The weighting's own whole numbers.
  weighting_words: vec4<u32>,
  // The region's own parameters: the region file says which.
  region: vec4<f32>,
  // The region's own whole numbers.
  region_words: vec4<u32>,
  // Of narrow elements: scale and zero point of the input's, then of the output's.
  element: vec4<f32>,
  // Channels of the input and of the output as they lie side by side, and the last spatial sizes of both.
  channels: vec4<u32>,
  // The way back: outputs to look at, from and to, twice; the holders' file says of what.
  holders: vec4<u32>,
  // The line kernel: its axis in numbers, the window on it, and where its lines are; schedule/line.wgsl says which.
  line: vec4<u32>,
  line_window: vec4<u32>,
  line_places: vec4<u32>,
  // The tile kernel: how far the eighth next strip is, in channels, columns, rows and slices.
  turn: vec4<u32>,
  // A piece of a pooling: where its input, its output and its indices begin in what is bound, in elements; unused.
  bases: vec4<u32>,
  // What its numbers are counted from: the first plane's channel, the first output's number, the first position's index in the plane, the first box.
  firsts: vec4<u32>,
}

// What an op may know of its region: how many taps it has and what to divide by. Both are geometry's business.
struct Ctx {
  valid: u32,     // taps inside the input
  divisor: f32,   // the average's divisor: valid taps, or those in the padding too
  channel: u32,
  output_id: U,   // its number, plane by plane
}

// One value of a region as an op sees it.
struct Tap {
  value: V,
  weight: V,
  ordinal: u32,   // its place in the region, row-major
  index: u32,     // what tells it from others, rising with its ordinal: its place in the plane, where no two taps share one
}
