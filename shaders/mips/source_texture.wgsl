// The level that a step begins with.
@group(0) @binding(1) var source: texture_2d<f32>;
