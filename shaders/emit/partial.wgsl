// Accumulators that are not finished yet, into scratch: a later step merges them.
@group(0) @binding(4) var<storage, read_write> scratch: array<Acc>;
