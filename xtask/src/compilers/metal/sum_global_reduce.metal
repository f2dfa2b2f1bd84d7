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
typedef metal::float4 type_6[1];
struct Acc {
    V sum;
};
typedef uint Carry;
struct type_8 {
    Acc inner[64];
};
struct Member {
    uint team;
    uint number;
};
struct type_9 {
    V inner[4];
};
struct type_10 {
    uint inner[4];
};
struct Run {
    type_9 values;
    type_10 indices;
};
typedef float type_11[1];
constant uint WORKGROUP = 64u;
constant uint GROUP = 1u;
constant bool WITH_INDEX = false;
constant uint OP_VARIANT = 0u;
constant bool TEAMS_BESIDE = false;
constant uint TEAM = 16u;
constant uint LANES = 1u;
constant uint KEY_LAST = 8388607u;
constant uint PASSES = 1u;
constant uint TEAMS = 4u;
constant uint TEAM_STEP = 1u;
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
    constant Params& params
) {
    uint _e4 = params.depth.y;
    uint _e8 = params.height.y;
    uint _e12 = params.width.y;
    Place _e14 = place_in(number_1, metal::uint3(_e4, _e8, _e12));
    return _e14;
}

Place place_of(
    uint output,
    constant Params& params
) {
    Place _e1 = place_of_number(output, params);
    return _e1;
}

Place place_next(
    Place at_1,
    constant Params& params
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
    constant Params& params
) {
    uint _e5 = params.depth.y;
    uint _e12 = params.height.y;
    uint _e19 = params.width.y;
    return (((((at_2.plane * _e5) + at_2.z) * _e12) + at_2.y) * _e19) + at_2.x;
}

uint output_of(
    Place at_3,
    constant Params& params
) {
    uint _e1 = number_of(at_3, params);
    return _e1;
}

Place place_of_input(
    uint number_2,
    constant Params& params
) {
    uint _e4 = params.depth.x;
    uint _e8 = params.height.x;
    uint _e12 = params.width.x;
    Place _e14 = place_in(number_2, metal::uint3(_e4, _e8, _e12));
    return _e14;
}

Place position_of(
    uint value,
    constant Params& params
) {
    Place _e1 = place_of_input(value, params);
    return _e1;
}

uint plane_base(
    uint plane,
    constant Params& params
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
    constant Params& params
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
    float _e8 = input[metal::min(unsigned(at_4 / 4u), (_buffer_sizes.size1 - 0 - 16) / 16)][metal::min(unsigned(at_4 % 4u), 3u)];
    return _e8;
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
    constant Params& params,
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
    constant Params& params
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
    return Span {0u, size.x, 1u, size.x, size.x - 1u};
}

uint input_number_of(
    Place at_7,
    constant Params& params
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
    constant Params& params
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
    return Acc {V {}};
}

Acc acc_push(
    Acc acc_1,
    Tap tap,
    Ctx ctx_2
) {
    return Acc {acc_1.sum + tap.value};
}

Acc acc_merge(
    Acc a_1,
    Acc b_1
) {
    return Acc {a_1.sum + b_1.sum};
}

V acc_finish(
    Acc acc_2,
    Ctx ctx_3
) {
    return acc_2.sum;
}

Carry carry_first(
    Ctx ctx_4
) {
    return 0u;
}

Carry acc_carry(
    Acc acc_3
) {
    return 0u;
}

Carry acc_next(
    Acc acc_4,
    Carry carry_2
) {
    return carry_2;
}

U acc_index(
    Acc acc_5
) {
    return 4294967295u;
}

metal::float4 fetch_four(
    uint at_9,
    device type_6 const& input,
    constant _mslBufferSizes& _buffer_sizes
) {
    metal::float4 _e5 = input[metal::min(unsigned(at_9 / 4u), (_buffer_sizes.size1 - 0 - 16) / 16)];
    return _e5;
}

V region_answer(
    Acc acc_6,
    Ctx ctx_5
) {
    V _e2 = acc_finish(acc_6, ctx_5);
    return _e2;
}

Member member_of(
    uint local_2
) {
    if (TEAMS_BESIDE) {
        return Member {local_2 % TEAMS, local_2 / TEAMS};
    }
    return Member {local_2 / TEAM, local_2 % TEAM};
}

Acc team_merge(
    uint local_3,
    Member member,
    Acc acc_7,
    threadgroup type_8& team_accs
) {
    uint half_ = 8u;
    team_accs.inner[metal::min(unsigned(local_3), 63u)] = acc_7;
    metal::threadgroup_barrier(metal::mem_flags::mem_threadgroup);
    bool loop_init = true;
    while(true) {
        if (!loop_init) {
            uint _e26 = half_;
            half_ = _e26 / 2u;
        }
        loop_init = false;
        uint _e7 = half_;
        if (_e7 > 0u) {
        } else {
            break;
        }
        {
            uint _e11 = half_;
            if (member.number < _e11) {
                Acc _e17 = team_accs.inner[metal::min(unsigned(local_3), 63u)];
                uint _e19 = half_;
                Acc _e24 = team_accs.inner[metal::min(unsigned(local_3 + (_e19 * TEAM_STEP)), 63u)];
                Acc _e25 = acc_merge(_e17, _e24);
                team_accs.inner[metal::min(unsigned(local_3), 63u)] = _e25;
            }
            metal::threadgroup_barrier(metal::mem_flags::mem_threadgroup);
        }
    }
    Acc merged = team_accs.inner[metal::min(unsigned(local_3 - (member.number * TEAM_STEP)), 63u)];
    metal::threadgroup_barrier(metal::mem_flags::mem_threadgroup);
    return merged;
}

Tap run_tap(
    Weighting weighting_2,
    V value_1,
    uint d_2,
    uint h_2,
    uint w_2,
    uint index_3,
    uint ordinal_2
) {
    V _e7 = weight_at(weighting_2, d_2, h_2, w_2);
    uint _e11 = tap_mark(index_3 + w_2, ordinal_2 + w_2);
    return Tap {value_1, _e7, ordinal_2 + w_2, _e11};
}

Acc team_fold(
    Rect rect_6,
    uint from_tap,
    uint to_tap,
    uint number_3,
    Ctx ctx_6,
    Carry carry_3,
    constant Params& params,
    device type_6 const& input,
    constant _mslBufferSizes& _buffer_sizes
) {
    Acc total = {};
    Acc block = {};
    uint pushed = 0u;
    uint ordinal_3 = 0u;
    uint d_3 = 0u;
    uint h_3 = {};
    uint at_10 = {};
    Weighting _e6 = weighting_of(rect_6, ctx_6);
    uint count_2 = rect_6.width.count;
    Acc _e9 = acc_init(ctx_6, carry_3);
    total = _e9;
    Acc _e11 = acc_init(ctx_6, carry_3);
    block = _e11;
    if (to_tap == 0u) {
        Acc _e19 = total;
        return _e19;
    }
    bool loop_init_1 = true;
    while(true) {
        if (!loop_init_1) {
            uint _e133 = d_3;
            d_3 = _e133 + 1u;
        }
        loop_init_1 = false;
        uint _e22 = d_3;
        if (_e22 < rect_6.depth.count) {
        } else {
            break;
        }
        {
            h_3 = 0u;
            bool loop_init_2 = true;
            while(true) {
                if (!loop_init_2) {
                    uint _e130 = h_3;
                    h_3 = _e130 + 1u;
                }
                loop_init_2 = false;
                uint _e28 = h_3;
                if (_e28 < rect_6.height.count) {
                } else {
                    break;
                }
                {
                    uint _e34 = d_3;
                    uint _e41 = h_3;
                    uint _e48 = tap_index(rect_6.depth.first + (_e34 * rect_6.depth.step), rect_6.height.first + (_e41 * rect_6.height.step), rect_6.width.first, params);
                    uint first_2 = rect_6.base + _e48;
                    uint lead = first_2 % 4u;
                    at_10 = 4u * number_3;
                    bool loop_init_3 = true;
                    while(true) {
                        if (!loop_init_3) {
                            uint _e124 = at_10;
                            at_10 = _e124 + 64u;
                        }
                        loop_init_3 = false;
                        uint _e56 = at_10;
                        if (_e56 < (lead + count_2)) {
                        } else {
                            break;
                        }
                        {
                            uint _e60 = at_10;
                            metal::float4 _e62 = fetch_four((first_2 - lead) + _e60, input, _buffer_sizes);
                            uint _e63 = at_10;
                            uint w_3 = _e63 - lead;
                            if (w_3 < count_2) {
                                Acc _e66 = block;
                                V _e68 = activate(_e62.x);
                                uint _e69 = d_3;
                                uint _e70 = h_3;
                                uint _e71 = ordinal_3;
                                Tap _e72 = run_tap(_e6, _e68, _e69, _e70, w_3, _e48, _e71);
                                Acc _e73 = acc_push(_e66, _e72, ctx_6);
                                block = _e73;
                            }
                            if ((w_3 + 1u) < count_2) {
                                Acc _e77 = block;
                                V _e79 = activate(_e62.y);
                                uint _e80 = d_3;
                                uint _e81 = h_3;
                                uint _e84 = ordinal_3;
                                Tap _e85 = run_tap(_e6, _e79, _e80, _e81, w_3 + 1u, _e48, _e84);
                                Acc _e86 = acc_push(_e77, _e85, ctx_6);
                                block = _e86;
                            }
                            if ((w_3 + 2u) < count_2) {
                                Acc _e90 = block;
                                V _e92 = activate(_e62.z);
                                uint _e93 = d_3;
                                uint _e94 = h_3;
                                uint _e97 = ordinal_3;
                                Tap _e98 = run_tap(_e6, _e92, _e93, _e94, w_3 + 2u, _e48, _e97);
                                Acc _e99 = acc_push(_e90, _e98, ctx_6);
                                block = _e99;
                            }
                            if ((w_3 + 3u) < count_2) {
                                Acc _e103 = block;
                                V _e105 = activate(_e62.w);
                                uint _e106 = d_3;
                                uint _e107 = h_3;
                                uint _e110 = ordinal_3;
                                Tap _e111 = run_tap(_e6, _e105, _e106, _e107, w_3 + 3u, _e48, _e110);
                                Acc _e112 = acc_push(_e103, _e111, ctx_6);
                                block = _e112;
                            }
                            uint _e113 = pushed;
                            pushed = _e113 + 4u;
                            uint _e116 = pushed;
                            if (_e116 >= BLOCK) {
                                Acc _e119 = total;
                                Acc _e120 = block;
                                Acc _e121 = acc_merge(_e119, _e120);
                                total = _e121;
                                Acc _e122 = acc_init(ctx_6, carry_3);
                                block = _e122;
                                pushed = 0u;
                            }
                        }
                    }
                    uint _e127 = ordinal_3;
                    ordinal_3 = _e127 + count_2;
                }
            }
        }
    }
    Acc _e135 = total;
    Acc _e136 = block;
    Acc _e137 = acc_merge(_e135, _e136);
    return _e137;
}

Run run_with(
    Run run_1,
    uint lane_1,
    Acc acc_8,
    Ctx ctx_7
) {
    Run next_1 = {};
    V _e4 = region_answer(acc_8, ctx_7);
    metal::bool4 own = metal::uint4(lane_1) == metal::uint4(0u, 1u, 2u, 3u);
    next_1 = run_1;
    next_1.values.inner[0] = own.x ? _e4 : run_1.values.inner[0];
    next_1.values.inner[1] = own.y ? _e4 : run_1.values.inner[1];
    next_1.values.inner[2] = own.z ? _e4 : run_1.values.inner[2];
    next_1.values.inner[3] = own.w ? _e4 : run_1.values.inner[3];
    if (WITH_INDEX) {
        U _e38 = acc_index(acc_8);
        next_1.indices.inner[0] = own.x ? _e38 : run_1.indices.inner[0];
        next_1.indices.inner[1] = own.y ? _e38 : run_1.indices.inner[1];
        next_1.indices.inner[2] = own.z ? _e38 : run_1.indices.inner[2];
        next_1.indices.inner[3] = own.w ? _e38 : run_1.indices.inner[3];
    }
    Run _e63 = next_1;
    return _e63;
}

void put(
    uint at_11,
    Quad values,
    uint count,
    device type_11& output_1,
    constant _mslBufferSizes& _buffer_sizes
) {
    metal::float4 four = static_cast<metal::float4>(values);
    if (0u < count) {
        output_1[metal::min(unsigned(at_11), (_buffer_sizes.size3 - 0 - 4) / 4)] = four.x;
    }
    if (1u < count) {
        output_1[metal::min(unsigned(at_11 + 1u), (_buffer_sizes.size3 - 0 - 4) / 4)] = four.y;
    }
    if (2u < count) {
        output_1[metal::min(unsigned(at_11 + 2u), (_buffer_sizes.size3 - 0 - 4) / 4)] = four.z;
    }
    if (3u < count) {
        output_1[metal::min(unsigned(at_11 + 3u), (_buffer_sizes.size3 - 0 - 4) / 4)] = four.w;
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
    uint at_12,
    Run run_3,
    uint count_1,
    constant Params& params,
    device type_11& output_1,
    constant _mslBufferSizes& _buffer_sizes
) {
    uint _e6 = params.bases.y;
    Quad _e8 = run_values(run_3);
    put(_e6 + at_12, _e8, count_1, output_1, _buffer_sizes);
    return;
}

metal::uint4 run_indices(
    Run run_4
) {
    return metal::uint4(run_4.indices.inner[0], run_4.indices.inner[1], run_4.indices.inner[2], run_4.indices.inner[3]);
}

float held(
    uint at_13,
    device type_11 const& output_1,
    constant _mslBufferSizes& _buffer_sizes
) {
    float _e3 = output_1[metal::min(unsigned(at_13), (_buffer_sizes.size3 - 0 - 4) / 4)];
    return _e3;
}

struct main_Input {
};
[[max_total_threads_per_threadgroup(64)]] kernel void main_(
  metal::uint3 group [[threadgroup_position_in_grid]]
, uint local [[thread_index_in_threadgroup]]
, constant Params& params [[user(fake0)]]
, device type_6 const& input [[user(fake0)]]
, threadgroup type_8& team_accs
, device type_11& output_1 [[user(fake0)]]
, constant _mslBufferSizes& _buffer_sizes [[user(fake0)]]
) {
    Run run = {};
    Place at = {};
    uint lane = 0u;
    Carry carry = {};
    Acc acc = {};
    uint turn = {};
    bool local_1 = {};
    Member _e2 = member_of(local);
    uint _e7 = params.grid.x;
    uint first_3 = (((((group.y * _e7) + group.x) * TEAMS) + _e2.team) * GROUP) * LANES;
    uint _e22 = params.extent.x;
    uint _e26 = params.extent.x;
    uint count_3 = metal::min(_e22 - metal::min(first_3, _e26), 1u);
    uint _e35 = params.extent.x;
    Place _e39 = place_of(metal::min(first_3, _e35 - 1u), params);
    at = _e39;
    bool loop_init_4 = true;
    while(true) {
        if (!loop_init_4) {
            uint _e86 = lane;
            lane = _e86 + LANES;
        }
        loop_init_4 = false;
        uint _e43 = lane;
        if (_e43 < 1u) {
        } else {
            break;
        }
        {
            Place _e46 = at;
            Rect _e47 = rect_of(_e46, params);
            uint _e49 = rect_taps(_e47);
            uint _e50 = lane;
            uint taps = (_e50 < count_3) ? _e49 : 0u;
            Place _e53 = at;
            Ctx _e54 = rect_ctx(_e47, _e53, params);
            Carry _e55 = carry_first(_e54);
            carry = _e55;
            Carry _e57 = carry;
            Acc _e58 = acc_init(_e54, _e57);
            acc = _e58;
            turn = 0u;
            bool loop_init_5 = true;
            while(true) {
                if (!loop_init_5) {
                    uint _e74 = turn;
                    turn = _e74 + 1u;
                }
                loop_init_5 = false;
                uint _e62 = turn;
                if (_e62 < PASSES) {
                } else {
                    break;
                }
                {
                    Carry _e67 = carry;
                    Acc _e68 = team_fold(_e47, 0u, taps, _e2.number, _e54, _e67, params, input, _buffer_sizes);
                    Acc _e69 = team_merge(local, _e2, _e68, team_accs);
                    acc = _e69;
                    Acc _e70 = acc;
                    Carry _e71 = carry;
                    Carry _e72 = acc_next(_e70, _e71);
                    carry = _e72;
                }
            }
            Run _e76 = run;
            uint _e77 = lane;
            Acc _e78 = acc;
            Run _e79 = run_with(_e76, _e77, _e78, _e54);
            run = _e79;
            uint _e80 = lane;
            if ((_e80 + LANES) < count_3) {
                Place _e84 = at;
                Place _e85 = place_next(_e84, params);
                at = _e85;
            }
        }
    }
    if (_e2.number == 0u) {
        local_1 = count_3 > 0u;
    } else {
        local_1 = false;
    }
    bool _e97 = local_1;
    if (_e97) {
        Run _e98 = run;
        emit_run(first_3, _e98, count_3, params, output_1, _buffer_sizes);
        return;
    } else {
        return;
    }
}
