//! Every kernel through naga, with no GPU: it parses, validates, and translates to every backend's language.

use naga::{
    Module, TypeInner,
    back::{glsl, hlsl, msl, spv},
    proc::Layouter,
    valid::{Capabilities, ModuleInfo, ValidationFlags, Validator},
};

use crate::{
    OpKind, Texel,
    op::wgsl,
    plan::{Bound, KernelKey, Role, params_layout},
};

fn parse(name: &str, text: &str) -> Module {
    naga::front::wgsl::parse_str(text).unwrap_or_else(|error| panic!("{name}:\n{}", error.emit_to_string(text)))
}

fn validate(name: &str, text: &str, module: &Module) -> ModuleInfo {
    Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(module)
        .unwrap_or_else(|error| panic!("{name}:\n{}", error.emit_to_string(text)))
}

#[test]
fn every_listed_kernel_translates_for_every_backend() {
    let keys = KernelKey::listed();
    let mut depths = 0;
    for key in &keys {
        let (name, text) = (key.to_string(), key.wgsl());
        let module = parse(&name, &text);
        let copies = text.contains("{\n  params = bound;\n");
        assert_eq!(copies, text.contains("var<private> params: Params;"), "{name}: its main copies its parameters first");
        let info = validate(&name, &text, &module);
        spv::write_vec(&module, &info, &spv::Options::default(), None).unwrap_or_else(|e| panic!("{name} to SPIR-V: {e}"));
        let mut hlsl_text = String::new();
        hlsl::Writer::new(&mut hlsl_text, &hlsl::Options::default(), &hlsl::PipelineOptions::default())
            .write(&module, &info, None)
            .unwrap_or_else(|e| panic!("{name} to HLSL: {e}"));
        // naga writes one for each name of a type, and two aliases of one type are one in HLSL.
        let mut zeros: Vec<&str> =
            hlsl_text.lines().filter(|line| line.contains(" ZeroValue") && line.ends_with("() {")).collect();
        zeros.sort_unstable();
        let unlike = zeros.len();
        zeros.dedup();
        assert_eq!(
            zeros.len(),
            unlike,
            "{name}: HLSL defines a zero value twice; write it out, as U(0u), for all names of the type but one"
        );
        msl::write_string(&module, &info, &msl::Options::default(), &msl::PipelineOptions::default())
            .unwrap_or_else(|e| panic!("{name} to MSL: {e}"));
        if key.slots().any(|slot| key.bound(slot) == Bound::Source(Texel::Depth32Float)) {
            // GLSL has no loads from depth buffers, and the engine refuses them on GL.
            depths += 1;
            continue;
        }
        let options = glsl::Options { version: glsl::Version::new_gles(310), ..Default::default() };
        let pipeline =
            glsl::PipelineOptions { shader_stage: naga::ShaderStage::Compute, entry_point: "main".into(), multiview: None };
        let mut glsl_text = String::new();
        glsl::Writer::new(&mut glsl_text, &module, &info, &options, &pipeline, Default::default())
            .and_then(|mut writer| writer.write())
            .unwrap_or_else(|e| panic!("{name} to GLSL: {e}"));
    }
    println!("{} kernels × SPIR-V, HLSL, MSL, GLSL; {depths} that read depth without GLSL", keys.len());
}

/// The parameter block is written by Rust and read by WGSL: same members at same places.
#[test]
fn the_parameter_block_has_one_layout() {
    let key = KernelKey::listed()[0];
    let module = parse("params", &key.wgsl());
    let (_, params) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Params")).expect("struct Params");
    let TypeInner::Struct { members, span } = &params.inner else { panic!("Params is a struct") };
    let wgsl: Vec<_> = members.iter().map(|m| (m.name.clone().unwrap_or_default(), m.offset as usize)).collect();
    let rust: Vec<_> = params_layout().into_iter().map(|(name, offset)| (name.to_string(), offset)).collect();
    assert_eq!(wgsl, rust);
    assert_eq!(*span as usize, size_of::<crate::plan::Params>());
    for member in members {
        assert!(matches!(module.types[member.ty].inner, TypeInner::Vector { .. }), "{:?} is no vec4", member.name);
    }
}

/// The op table says how large accumulators are, since scratch is sized by it; and they hold to the convention.
#[test]
fn accumulators_are_as_large_as_the_table_says() {
    for row in OpKind::TABLE {
        let of_op = |key: &&KernelKey| matches!(&key.0, Role::Pool(key) if key.op == row.kind);
        let key = *KernelKey::listed().iter().find(of_op).expect("every op is listed");
        let module = parse(row.name, &key.wgsl());
        let (handle, acc) = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Acc")).expect("struct Acc");
        let mut layouter = Layouter::default();
        layouter.update(module.to_ctx()).expect("a layout");
        assert_eq!(u64::from(layouter[handle].to_stride()), row.acc_bytes, "{}", row.name);
        assert!(row.acc_bytes <= 64, "{}: an accumulator holds at most 64 bytes", row.name);
        let TypeInner::Struct { members, .. } = &acc.inner else { panic!("Acc is a struct") };
        for member in members {
            assert!(
                matches!(module.types[member.ty].inner, TypeInner::Scalar(scalar) if scalar.kind != naga::ScalarKind::Bool),
                "{}: accumulators hold V, U and I only",
                row.name
            );
        }
    }
}

/// The buffers that a kernel's text uses are those that the planner binds, at the numbers it binds them.
#[test]
fn kernels_use_the_bindings_that_are_planned() {
    for key in KernelKey::listed() {
        let (name, text) = (key.to_string(), key.wgsl());
        let module = parse(&name, &text);
        let info = validate(&name, &text, &module);
        let entry = info.get_entry_point(0);
        let mut used: Vec<u32> = module
            .global_variables
            .iter()
            .filter(|(handle, _)| !entry[*handle].is_empty())
            .filter_map(|(_, variable)| variable.binding.map(|binding| binding.binding))
            .collect();
        used.sort_unstable();
        let mut planned: Vec<u32> = key.slots().map(|slot| slot as u32).chain([0]).collect();
        planned.sort_unstable();
        assert_eq!(used, planned, "{name}");
        // The way there keeps to what every adapter has; the way back reads gradients too, and the planner looks at the limit.
        let most = if matches!(key.0, Role::Back(_)) { 6 } else { 4 };
        assert!(key.buffers() <= most, "{name}: at most {most} storage buffers");
    }
}

/// Op files hold to the convention: with the vector aliases they fold four channels at once, lane by lane, unchanged.
#[test]
fn every_op_compiles_with_both_alias_sets() {
    const FOLD: &str = "
        @group(0) @binding(1) var<storage, read> input: array<V>;
        @group(0) @binding(2) var<storage, read_write> output: array<V>;
        @compute @workgroup_size(1) fn main() {
          let ctx = Ctx(2u, 2.0, 0u, U());
          var acc = acc_init(ctx, carry_first(ctx));
          acc = acc_push(acc, Tap(input[0], V(1.0), 0u, 0u), ctx);
          acc = acc_merge(acc, acc_push(acc_init(ctx, carry_first(ctx)), Tap(input[1], V(1.0), 1u, 1u), ctx));
          output[0] = acc_finish(acc, ctx) + V(acc_index(acc));
        }";
    for row in OpKind::TABLE {
        for (aliases, set) in [(wgsl!("common/scalar"), "scalar"), (wgsl!("common/vec4"), "vec4")] {
            for variant in 0..row.variants {
                for with_index in [false, true] {
                    let constants = format!("const WITH_INDEX = {with_index}; const OP_VARIANT = {variant}u;\n");
                    let own_index = if row.chooses { "" } else { wgsl!("common/no_index") };
                    let common =
                        [wgsl!("common/params"), wgsl!("params/uniform"), wgsl!("common/keys"), wgsl!("common/keys_f32")]
                            .join("\n");
                    let passes = if row.passes == 1 { wgsl!("common/one_pass") } else { "" };
                    let text = [&constants, aliases, &common, &row.wgsl.join("\n"), own_index, passes, FOLD].join("\n");
                    let name = format!("{} with {set} aliases", row.name);
                    let module = parse(&name, &text);
                    validate(&name, &text, &module);
                    // Scratch holds accumulators of four lanes at four times the size.
                    let acc = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Acc")).expect("struct Acc").0;
                    let mut layouter = Layouter::default();
                    layouter.update(module.to_ctx()).expect("a layout");
                    let lanes = if set == "vec4" { 4 } else { 1 };
                    assert_eq!(u64::from(layouter[acc].to_stride()), lanes * row.acc_bytes, "{name}");
                }
            }
        }
    }
}

/// An op file names only V…B, Tap, Ctx, Carry and params.op; each file keeps to its own room.
#[test]
fn op_files_know_no_geometry_and_schedules_know_no_op() {
    for row in OpKind::TABLE {
        let text = row.wgsl.join("\n");
        let code: String = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
        for word in ["@group", "@builtin", "Rect", "Span", "Place", "output[", "input[", "var<", "load(", "ptr<"] {
            assert!(!code.contains(word), "op/{}.wgsl names {word}", row.name);
        }
        for (at, _) in code.match_indices("params.") {
            assert!(
                code[at..].starts_with("params.op.") || code[at..].starts_with("params.op_words."),
                "op/{}.wgsl reads other parameters than its own",
                row.name
            );
        }
    }
    for (name, text) in [
        ("direct", wgsl!("schedule/direct")),
        ("tile", wgsl!("schedule/tile")),
        ("reduce", wgsl!("schedule/reduce")),
        ("partial", wgsl!("schedule/partial")),
        ("merge", wgsl!("schedule/merge")),
    ] {
        assert!(!text.contains("params.op"), "schedule/{name}.wgsl reads an op's parameters");
    }
}
