// Levels between one step and the next, before they are rounded.
@group(0) @binding(4) var<storage, read_write> scratch: array<V>;
