// Elements that are not f32, as the fields of 32-bit words: decoded and encoded by whole-number arithmetic, so that every device gives the same bits,
// subnormals among them.
const ELEMENT_F16 = 1u;
const ELEMENT_BF16 = 2u;
const ELEMENT_U8 = 3u;
const ELEMENT_I8 = 4u;
const ELEMENT_I32 = 5u;

fn half_values(bits: vec4<u32>) -> vec4<f32> {
  let sign = (bits & vec4<u32>(0x8000u)) << vec4<u32>(16u);
  let magnitude = bits & vec4<u32>(0x7fffu);
  let bias = select(vec4<u32>(0x38000000u), vec4<u32>(0x70000000u), magnitude >= vec4<u32>(0x7c00u));
  let normal = (magnitude << vec4<u32>(13u)) + bias;
  // Below 2⁻¹⁴ a half is a multiple of 2⁻²⁴.
  let tiny = bitcast<vec4<u32>>(vec4<f32>(magnitude) * 5.9604644775390625e-8);
  return bitcast<vec4<f32>>(sign | select(normal, tiny, magnitude < vec4<u32>(0x400u)));
}

// Rounded to nearest, half to even; beyond the largest half infinite; NaN is one NaN.
fn half_bits(values: vec4<f32>) -> vec4<u32> {
  let bits = bitcast<vec4<u32>>(values);
  let sign = (bits >> vec4<u32>(16u)) & vec4<u32>(0x8000u);
  let magnitude = bits & vec4<u32>(0x7fffffffu);
  let half_ulp = vec4<u32>(0xfffu) + ((magnitude >> vec4<u32>(13u)) & vec4<u32>(1u));
  let normal = min((magnitude - vec4<u32>(0x38000000u) + half_ulp) >> vec4<u32>(13u), vec4<u32>(0x7c00u));
  let is_tiny = magnitude < vec4<u32>(0x38800000u);
  let tiny = vec4<u32>(round(bitcast<vec4<f32>>(select(vec4<u32>(0u), magnitude, is_tiny)) * 16777216.0));
  let number = sign | select(normal, tiny, is_tiny);
  return select(number, vec4<u32>(0x7e00u), magnitude > vec4<u32>(0x7f800000u));
}

fn brain_bits(values: vec4<f32>) -> vec4<u32> {
  let bits = bitcast<vec4<u32>>(values);
  let rounded = (bits + vec4<u32>(0x7fffu) + ((bits >> vec4<u32>(16u)) & vec4<u32>(1u))) >> vec4<u32>(16u);
  return select(rounded, vec4<u32>(0x7fc0u), (bits & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u));
}

// Whole numbers nearest to reals, saturated; NaN stands for 0.
fn whole_numbers(values: vec4<f32>, zero_point: f32, least: f32, most: f32) -> vec4<i32> {
  let nan = (bitcast<vec4<u32>>(values) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  let numbers = round(clamp(select(values, vec4<f32>(0.0), nan), vec4<f32>(-4294967296.0), vec4<f32>(4294967296.0)));
  return vec4<i32>(clamp(numbers + zero_point, vec4<f32>(least), vec4<f32>(most)));
}

// Reals from the fields of words.
//
// params.element = scale and zero point of the input's whole numbers, and of the output's
fn element_values(element: u32, fields: vec4<u32>, quantised: bool) -> vec4<f32> {
  if (element == ELEMENT_F16) {
    return half_values(fields);
  }
  if (element == ELEMENT_BF16) {
    return bitcast<vec4<f32>>(fields << vec4<u32>(16u));
  }
  var numbers = vec4<f32>(bitcast<vec4<i32>>(fields));
  if (element == ELEMENT_I8) {
    numbers = vec4<f32>(bitcast<vec4<i32>>(fields << vec4<u32>(24u)) >> vec4<u32>(24u));
  }
  if (quantised) {
    return (numbers - params.element.y) * params.element.x;
  }
  return numbers;
}

// The fields of words from reals.
fn element_fields(element: u32, values: vec4<f32>, quantised: bool) -> vec4<u32> {
  if (element == ELEMENT_F16) {
    return half_bits(values);
  }
  if (element == ELEMENT_BF16) {
    return brain_bits(values);
  }
  var steps = values;
  var zero_point = 0.0;
  if (quantised) {
    steps = values / params.element.z;
    zero_point = params.element.w;
  }
  if (element == ELEMENT_U8) {
    return vec4<u32>(whole_numbers(steps, zero_point, 0.0, 255.0));
  }
  if (element == ELEMENT_I8) {
    return bitcast<vec4<u32>>(whole_numbers(steps, zero_point, -128.0, 127.0)) & vec4<u32>(0xffu);
  }
  // The largest f32 below 2³¹; whatever is beyond is the largest whole number.
  let numbers = whole_numbers(values, 0.0, -2147483648.0, 2147483520.0);
  return bitcast<vec4<u32>>(select(numbers, vec4<i32>(2147483647), values >= vec4<f32>(2147483648.0)));
}
