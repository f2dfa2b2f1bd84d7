// language: metal2.4
#include <metal_stdlib>
#include <simd/simd.h>

using metal::uint;

struct _mslBufferSizes {
    uint size1;
    uint size3;
};

typedef float V;
typedef uint U;
typedef int I;
typedef bool B;
typedef metal::float4 Quad;
typedef float One;
struct Params {
    metal::uint4 depth;
    metal::uint4 height;
    metal::uint4 width;
    metal::uint4 depth_window;
    metal::uint4 height_window;
    metal::uint4 width_window;
    metal::uint4 extent;
    metal::uint4 grid;
    metal::uint4 flags;
    metal::float4 op;
    metal::uint4 op_words;
    metal::float4 weighting;
    metal::uint4 weighting_words;
    metal::float4 region;
    metal::uint4 region_words;
    metal::float4 element;
    metal::uint4 channels;
    metal::uint4 holders;
    metal::uint4 line;
    metal::uint4 line_window;
    metal::uint4 line_places;
    metal::uint4 turn;
    metal::uint4 bases;
    metal::uint4 firsts;
};
struct Ctx {
    uint valid;
    float divisor;
    uint channel;
    U output_id;
};
struct Tap {
    V value;
    V weight;
    uint ordinal;
    uint index;
};
struct Place {
    uint plane;
    uint z;
    uint y;
    uint x;
};
struct Span {
    uint first;
    uint count;
    uint step;
    uint counted;
    uint centre2_;
};
typedef uint Frame;
struct Rect {
    uint base;
    Span depth;
    Span height;
    Span width;
    Frame frame;
};
struct Weighting {
    uint unused;
};
typedef float type_6[1];
struct Acc {
    U key;
    U index;
};
typedef uint Carry;
struct type_8 {
    V inner[4];
};
struct type_9 {
    uint inner[4];
};
struct Run {
    type_8 values;
    type_9 indices;
};
constant uint WORKGROUP = 64u;
constant uint GROUP = 1u;
constant bool WITH_INDEX = false;
constant uint OP_VARIANT = 0u;
constant uint LANES = 1u;
constant uint KEY_LAST = 8388607u;
constant uint EXTREMUM_NAN = 4294967295u;
constant uint PASSES = 1u;
constant uint BLOCK = 32u;

V value_of(
    float real
) {
    return real;
}

U lane_numbers(
    uint first,
    uint step
) {
    return first;
}

B key_stands_for_nan(
    U key
) {
    return key == 4294967295u;
}

U key_of_bits(
    U bits
) {
    return bits ^ (as_type<uint>(as_type<int>(bits) >> 31u) | 2147483648u);
}

V key_to_value(
    U key_1
) {
    return as_type<float>((key_1 >= 2147483648u) ? (key_1 ^ 2147483648u) : ~(key_1));
}

B key_is_nan(
    U bits_1
) {
    return (bits_1 & 2147483647u) > 2139095040u;
}

B is_finite(
    V x
) {
    return (as_type<uint>(x) & 2139095040u) < 2139095040u;
}

V or_nan(
    V x_1,
    B lost
) {
    return as_type<float>(lost ? 2143289344u : as_type<uint>(x_1));
}

B is_zero(
    V x_2
) {
    return (as_type<uint>(x_2) << 1u) == 0u;
}

uint naga_f2u32(float value) {
    return static_cast<uint>(metal::clamp(value, 0.0, 4294967000.0));
}

int naga_f2i32(float value) {
    return static_cast<int>(metal::clamp(value, -2147483600.0, 2147483500.0));
}

uint divided(
    uint a,
    uint b
) {
    float share = 1.0 / static_cast<float>(b);
    uint first_1 = naga_f2u32(static_cast<float>(a) * share);
    int more = naga_f2i32(metal::floor(static_cast<float>(as_type<int>(a - (first_1 * b))) * share));
    uint second = first_1 + as_type<uint>(more);
    int left = as_type<int>(a - (second * b));
    return (left < 0) ? (second - 1u) : ((left >= as_type<int>(b)) ? (second + 1u) : second);
}

Place place_in(
    uint number,
    metal::uint3 sizes
) {
    uint _e3 = divided(number, sizes.z);
    uint _e5 = divided(_e3, sizes.y);
    uint _e7 = divided(_e5, sizes.x);
    return Place {_e7, _e5 - (_e7 * sizes.x), _e3 - (_e5 * sizes.y), number - (_e3 * sizes.z)};
}

Place place_of_number(
    uint number_1,
    thread Params& params
) {
    uint _e4 = params.depth.y;
    uint _e8 = params.height.y;
    uint _e12 = params.width.y;
    Place _e14 = place_in(number_1, metal::uint3(_e4, _e8, _e12));
    return _e14;
}

Place place_of(
    uint output,
    thread Params& params
) {
    Place _e1 = place_of_number(output, params);
    return _e1;
}

Place place_next(
    Place at_1,
    thread Params& params
) {
    Place next = {};
    next = at_1;
    uint _e3 = next.x;
    next.x = _e3 + 1u;
    uint _e7 = next.x;
    uint _e11 = params.width.y;
    if (_e7 == _e11) {
        next.x = 0u;
        uint _e16 = next.y;
        next.y = _e16 + 1u;
        uint _e20 = next.y;
        uint _e24 = params.height.y;
        if (_e20 == _e24) {
            next.y = 0u;
            uint _e29 = next.z;
            next.z = _e29 + 1u;
            uint _e33 = next.z;
            uint _e37 = params.depth.y;
            if (_e33 == _e37) {
                next.z = 0u;
                uint _e42 = next.plane;
                next.plane = _e42 + 1u;
            }
        }
    }
    Place _e45 = next;
    return _e45;
}

uint number_of(
    Place at_2,
    thread Params& params
) {
    uint _e5 = params.depth.y;
    uint _e12 = params.height.y;
    uint _e19 = params.width.y;
    return (((((at_2.plane * _e5) + at_2.z) * _e12) + at_2.y) * _e19) + at_2.x;
}

uint output_of(
    Place at_3,
    thread Params& params
) {
    uint _e1 = number_of(at_3, params);
    return _e1;
}

Place place_of_input(
    uint number_2,
    thread Params& params
) {
    uint _e4 = params.depth.x;
    uint _e8 = params.height.x;
    uint _e12 = params.width.x;
    Place _e14 = place_in(number_2, metal::uint3(_e4, _e8, _e12));
    return _e14;
}

Place position_of(
    uint value,
    thread Params& params
) {
    Place _e1 = place_of_input(value, params);
    return _e1;
}

uint plane_base(
    uint plane,
    thread Params& params
) {
    uint _e4 = params.extent.z;
    uint _e9 = params.bases.x;
    return (plane * _e4) + _e9;
}

uint element_at(
    uint base,
    uint index
) {
    return base + index;
}

uint lane_step(
) {
    return 1u;
}

uint rect_taps(
    Rect rect
) {
    return (rect.depth.count * rect.height.count) * rect.width.count;
}

uint tap_index(
    uint z,
    uint y,
    uint x_3,
    thread Params& params
) {
    uint _e6 = params.height.x;
    uint _e12 = params.width.x;
    return (((z * _e6) + y) * _e12) + x_3;
}

V activate(
    V x_4
) {
    return x_4;
}

float fetch(
    uint at_4,
    device type_6 const& input,
    constant _mslBufferSizes& _buffer_sizes
) {
    float _e3 = input[metal::min(unsigned(at_4), (_buffer_sizes.size1 - 0 - 4) / 4)];
    return _e3;
}

V load(
    uint at_5,
    device type_6 const& input,
    constant _mslBufferSizes& _buffer_sizes
) {
    float _e1 = fetch(at_5, input, _buffer_sizes);
    V _e2 = activate(_e1);
    return _e2;
}

V tap_value(
    Rect rect_1,
    uint index_1,
    uint z_1,
    uint y_1,
    uint x_5,
    device type_6 const& input,
    constant _mslBufferSizes& _buffer_sizes
) {
    uint _e6 = element_at(rect_1.base, index_1);
    V _e7 = load(_e6, input, _buffer_sizes);
    return _e7;
}

V weight_at(
    Weighting weighting,
    uint d,
    uint h,
    uint w
) {
    V _e5 = value_of(1.0);
    return _e5;
}

uint tap_mark(
    uint index_2,
    uint ordinal
) {
    return index_2;
}

Tap rect_tap(
    Rect rect_2,
    Weighting weighting_1,
    uint d_1,
    uint h_1,
    uint w_1,
    uint ordinal_1,
    thread Params& params,
    device type_6 const& input,
    constant _mslBufferSizes& _buffer_sizes
) {
    uint z_2 = rect_2.depth.first + (d_1 * rect_2.depth.step);
    uint y_2 = rect_2.height.first + (h_1 * rect_2.height.step);
    uint x_7 = rect_2.width.first + (w_1 * rect_2.width.step);
    uint _e24 = tap_index(z_2, y_2, x_7, params);
    V _e25 = tap_value(rect_2, _e24, z_2, y_2, x_7, input, _buffer_sizes);
    V _e26 = weight_at(weighting_1, d_1, h_1, w_1);
    uint _e27 = tap_mark(_e24, ordinal_1);
    return Tap {_e25, _e26, ordinal_1, _e27};
}

Ctx rect_ctx(
    Rect rect_3,
    Place at_6,
    thread Params& params
) {
    uint _e2 = rect_taps(rect_3);
    float counted = (static_cast<float>(rect_3.depth.counted) * static_cast<float>(rect_3.height.counted)) * static_cast<float>(rect_3.width.counted);
    uint _e14 = number_of(at_6, params);
    uint _e18 = params.firsts.y;
    uint _e20 = lane_step();
    U _e21 = lane_numbers(_e14 + _e18, _e20);
    uint _e26 = params.flags.x;
    uint _e34 = params.firsts.x;
    uint _e39 = params.extent.y;
    return Ctx {_e2, (_e26 != 0u) ? counted : static_cast<float>(_e2), (at_6.plane + _e34) % _e39, _e21};
}

V activation_back(
    V x_6,
    V back
) {
    return back;
}

Span region_span(
    uint o,
    metal::uint4 size,
    metal::uint4 window
) {
    uint start = o * size.w;
    uint skipped = (start < window.y) ? ((((window.y - start) + window.x) - 1u) / window.x) : 0u;
    uint first_2 = (start + (skipped * window.x)) - window.y;
    uint room = (first_2 < size.x) ? ((((size.x - 1u) - metal::min(first_2, size.x - 1u)) / window.x) + 1u) : 0u;
    uint padded = (size.x + window.y) + window.z;
    return Span {first_2, metal::min(size.z - skipped, room), window.x, metal::min(size.z, (((padded - 1u) - start) / window.x) + 1u), (2u * (start - window.y)) + (window.x * (size.z - 1u))};
}

uint input_number_of(
    Place at_7,
    thread Params& params
) {
    uint _e5 = params.depth.x;
    uint _e12 = params.height.x;
    uint _e19 = params.width.x;
    return (((((at_7.plane * _e5) + at_7.z) * _e12) + at_7.y) * _e19) + at_7.x;
}

Weighting weighting_of(
    Rect rect_4,
    Ctx ctx
) {
    return Weighting {0u};
}

Rect rect_of(
    Place at_8,
    thread Params& params
) {
    uint _e2 = plane_base(at_8.plane, params);
    metal::uint4 _e6 = params.depth;
    metal::uint4 _e9 = params.depth_window;
    Span _e10 = region_span(at_8.z, _e6, _e9);
    metal::uint4 _e14 = params.height;
    metal::uint4 _e17 = params.height_window;
    Span _e18 = region_span(at_8.y, _e14, _e17);
    metal::uint4 _e22 = params.width;
    metal::uint4 _e25 = params.width_window;
    Span _e26 = region_span(at_8.x, _e22, _e25);
    return Rect {_e2, _e10, _e18, _e26, Frame {}};
}

metal::float3 tap_units(
    Rect rect_5
) {
    return metal::float3(1.0);
}

Acc acc_init(
    Ctx ctx_1,
    Carry carry_1
) {
    return Acc {0u, 4294967295u};
}

Acc acc_merge(
    Acc a_1,
    Acc b_1
) {
    if (true) {
        return Acc {metal::max(a_1.key, b_1.key), a_1.index};
    }
    B _e15 = key_stands_for_nan(a_1.key);
    uint tie = _e15 ? metal::max(a_1.index, b_1.index) : metal::min(a_1.index, b_1.index);
    uint index_3 = (a_1.key == b_1.key) ? tie : ((a_1.key > b_1.key) ? a_1.index : b_1.index);
    return Acc {metal::max(a_1.key, b_1.key), index_3};
}

U acc_index(
    Acc acc_1
) {
    return acc_1.index;
}

Acc acc_push(
    Acc acc_2,
    Tap tap,
    Ctx ctx_2
) {
    uint bits_2 = as_type<uint>(tap.value);
    U _e5 = key_of_bits(bits_2);
    B _e7 = key_is_nan(bits_2);
    uint key_2 = _e7 ? 4294967295u : _e5;
    Acc _e12 = acc_merge(acc_2, Acc {key_2, static_cast<uint>(tap.index)});
    return _e12;
}

V acc_finish(
    Acc acc_3,
    Ctx ctx_3
) {
    V _e8 = key_to_value((acc_3.key == 0u) ? 8388607u : acc_3.key);
    return _e8;
}

Carry carry_first(
    Ctx ctx_4
) {
    return 0u;
}

Carry acc_carry(
    Acc acc_4
) {
    return 0u;
}

Carry acc_next(
    Acc acc_5,
    Carry carry_2
) {
    return carry_2;
}

V region_answer(
    Acc acc_6,
    Ctx ctx_5
) {
    V _e2 = acc_finish(acc_6, ctx_5);
    return _e2;
}

Acc fold(
    Rect rect_6,
    Ctx ctx_6,
    Carry carry_3,
    thread Params& params,
    device type_6 const& input,
    constant _mslBufferSizes& _buffer_sizes
) {
    Acc total = {};
    Acc block = {};
    uint pushed = 0u;
    uint ordinal_2 = 0u;
    uint d_2 = 0u;
    uint h_2 = {};
    uint done = {};
    uint w_2 = {};
    Weighting _e3 = weighting_of(rect_6, ctx_6);
    Acc _e4 = acc_init(ctx_6, carry_3);
    total = _e4;
    Acc _e6 = acc_init(ctx_6, carry_3);
    block = _e6;
    bool loop_init = true;
    while(true) {
        if (!loop_init) {
            uint _e72 = d_2;
            d_2 = _e72 + 1u;
        }
        loop_init = false;
        uint _e14 = d_2;
        if (_e14 < rect_6.depth.count) {
        } else {
            break;
        }
        {
            h_2 = 0u;
            bool loop_init_1 = true;
            while(true) {
                if (!loop_init_1) {
                    uint _e69 = h_2;
                    h_2 = _e69 + 1u;
                }
                loop_init_1 = false;
                uint _e20 = h_2;
                if (_e20 < rect_6.height.count) {
                } else {
                    break;
                }
                {
                    done = 0u;
                    bool loop_init_2 = true;
                    while(true) {
                        if (!loop_init_2) {
                            uint _e65 = done;
                            done = _e65 + BLOCK;
                        }
                        loop_init_2 = false;
                        uint _e26 = done;
                        if (_e26 < rect_6.width.count) {
                        } else {
                            break;
                        }
                        {
                            uint _e30 = done;
                            uint end = metal::min(_e30 + BLOCK, rect_6.width.count);
                            uint _e36 = done;
                            w_2 = _e36;
                            bool loop_init_3 = true;
                            while(true) {
                                if (!loop_init_3) {
                                    uint _e51 = w_2;
                                    w_2 = _e51 + 1u;
                                }
                                loop_init_3 = false;
                                uint _e38 = w_2;
                                if (_e38 < end) {
                                } else {
                                    break;
                                }
                                {
                                    Acc _e40 = block;
                                    uint _e41 = d_2;
                                    uint _e42 = h_2;
                                    uint _e43 = w_2;
                                    uint _e44 = ordinal_2;
                                    Tap _e45 = rect_tap(rect_6, _e3, _e41, _e42, _e43, _e44, params, input, _buffer_sizes);
                                    Acc _e46 = acc_push(_e40, _e45, ctx_6);
                                    block = _e46;
                                    uint _e47 = ordinal_2;
                                    ordinal_2 = _e47 + 1u;
                                }
                            }
                            uint _e53 = pushed;
                            uint _e54 = done;
                            pushed = _e53 + (end - _e54);
                            uint _e57 = pushed;
                            if (_e57 >= BLOCK) {
                                Acc _e60 = total;
                                Acc _e61 = block;
                                Acc _e62 = acc_merge(_e60, _e61);
                                total = _e62;
                                Acc _e63 = acc_init(ctx_6, carry_3);
                                block = _e63;
                                pushed = 0u;
                            }
                        }
                    }
                }
            }
        }
    }
    Acc _e74 = total;
    Acc _e75 = block;
    Acc _e76 = acc_merge(_e74, _e75);
    return _e76;
}

Run run_with(
    Run run_1,
    uint lane_1,
    Acc acc_7,
    Ctx ctx_7
) {
    Run next_1 = {};
    V _e4 = region_answer(acc_7, ctx_7);
    metal::bool4 own = metal::uint4(lane_1) == metal::uint4(0u, 1u, 2u, 3u);
    next_1 = run_1;
    next_1.values.inner[0] = own.x ? _e4 : run_1.values.inner[0];
    next_1.values.inner[1] = own.y ? _e4 : run_1.values.inner[1];
    next_1.values.inner[2] = own.z ? _e4 : run_1.values.inner[2];
    next_1.values.inner[3] = own.w ? _e4 : run_1.values.inner[3];
    if (WITH_INDEX) {
        U _e38 = acc_index(acc_7);
        next_1.indices.inner[0] = own.x ? _e38 : run_1.indices.inner[0];
        next_1.indices.inner[1] = own.y ? _e38 : run_1.indices.inner[1];
        next_1.indices.inner[2] = own.z ? _e38 : run_1.indices.inner[2];
        next_1.indices.inner[3] = own.w ? _e38 : run_1.indices.inner[3];
    }
    Run _e63 = next_1;
    return _e63;
}

void put(
    uint at_9,
    Quad values,
    uint count,
    device type_6& output_1,
    constant _mslBufferSizes& _buffer_sizes
) {
    metal::float4 four = static_cast<metal::float4>(values);
    if (0u < count) {
        output_1[metal::min(unsigned(at_9), (_buffer_sizes.size3 - 0 - 4) / 4)] = four.x;
    }
    if (1u < count) {
        output_1[metal::min(unsigned(at_9 + 1u), (_buffer_sizes.size3 - 0 - 4) / 4)] = four.y;
    }
    if (2u < count) {
        output_1[metal::min(unsigned(at_9 + 2u), (_buffer_sizes.size3 - 0 - 4) / 4)] = four.z;
    }
    if (3u < count) {
        output_1[metal::min(unsigned(at_9 + 3u), (_buffer_sizes.size3 - 0 - 4) / 4)] = four.w;
        return;
    } else {
        return;
    }
}

Quad run_values(
    Run run_2
) {
    return Quad(run_2.values.inner[0], run_2.values.inner[1], run_2.values.inner[2], run_2.values.inner[3]);
}

void emit_run(
    uint at_10,
    Run run_3,
    uint count_1,
    thread Params& params,
    device type_6& output_1,
    constant _mslBufferSizes& _buffer_sizes
) {
    uint _e6 = params.bases.y;
    Quad _e8 = run_values(run_3);
    put(_e6 + at_10, _e8, count_1, output_1, _buffer_sizes);
    return;
}

metal::uint4 run_indices(
    Run run_4
) {
    return metal::uint4(run_4.indices.inner[0], run_4.indices.inner[1], run_4.indices.inner[2], run_4.indices.inner[3]);
}

float held(
    uint at_11,
    device type_6 const& output_1,
    constant _mslBufferSizes& _buffer_sizes
) {
    float _e3 = output_1[metal::min(unsigned(at_11), (_buffer_sizes.size3 - 0 - 4) / 4)];
    return _e3;
}

struct main_Input {
};
[[max_total_threads_per_threadgroup(64)]] kernel void main_(
  metal::uint3 group [[threadgroup_position_in_grid]]
, uint local [[thread_index_in_threadgroup]]
, device type_6 const& input [[user(fake0)]]
, constant Params& bound [[user(fake0)]]
, device type_6& output_1 [[user(fake0)]]
, constant _mslBufferSizes& _buffer_sizes [[user(fake0)]]
) {
    Params params = {};
    Run run = {};
    Place at = {};
    uint lane = 0u;
    Carry carry = {};
    Acc acc = {};
    uint turn = {};
    Params _e4 = bound;
    params = _e4;
    uint _e9 = params.grid.x;
    uint first_3 = ((((group.y * _e9) + group.x) * WORKGROUP) + local) * 4u;
    uint _e21 = params.extent.x;
    if (first_3 >= _e21) {
        return;
    }
    uint _e26 = params.extent.x;
    uint count_2 = metal::min(_e26 - first_3, 4u);
    Place _e31 = place_of(first_3, params);
    at = _e31;
    bool loop_init_4 = true;
    while(true) {
        if (!loop_init_4) {
            uint _e65 = lane;
            lane = _e65 + LANES;
        }
        loop_init_4 = false;
        uint _e35 = lane;
        if (_e35 < count_2) {
        } else {
            break;
        }
        {
            Place _e37 = at;
            Rect _e38 = rect_of(_e37, params);
            Place _e39 = at;
            Ctx _e40 = rect_ctx(_e38, _e39, params);
            Carry _e41 = carry_first(_e40);
            carry = _e41;
            Carry _e43 = carry;
            Acc _e44 = acc_init(_e40, _e43);
            acc = _e44;
            turn = 0u;
            bool loop_init_5 = true;
            while(true) {
                if (!loop_init_5) {
                    uint _e57 = turn;
                    turn = _e57 + 1u;
                }
                loop_init_5 = false;
                uint _e48 = turn;
                if (_e48 < PASSES) {
                } else {
                    break;
                }
                {
                    Carry _e51 = carry;
                    Acc _e52 = fold(_e38, _e40, _e51, params, input, _buffer_sizes);
                    acc = _e52;
                    Acc _e53 = acc;
                    Carry _e54 = carry;
                    Carry _e55 = acc_next(_e53, _e54);
                    carry = _e55;
                }
            }
            Run _e59 = run;
            uint _e60 = lane;
            Acc _e61 = acc;
            Run _e62 = run_with(_e59, _e60, _e61, _e40);
            run = _e62;
            Place _e63 = at;
            Place _e64 = place_next(_e63, params);
            at = _e64;
        }
    }
    Run _e68 = run;
    emit_run(first_3, _e68, count_2, params, output_1, _buffer_sizes);
    return;
}
