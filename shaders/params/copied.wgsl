// Parameters, copied by every entry point before it does anything else: `params = bound;`. Before any branch software adapters read a uniform once for all lanes,
// and behind one lane by lane.
@group(0) @binding(0) var<uniform> bound: Params;

var<private> params: Params;
