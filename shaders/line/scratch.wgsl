// Accumulators of four lanes between the steps, word by word; the last word is the index where there is one.
@group(0) @binding(4) var<storage, read_write> scratch: array<U>;
