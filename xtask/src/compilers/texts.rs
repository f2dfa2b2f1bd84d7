//! Every kernel's text in every language, translated as wgpu translates it on that language's systems.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, anyhow};
use naga::{
    ImageClass, Module, ShaderStage, TypeInner,
    back::{glsl, hlsl, msl, spv},
    proc::{BoundsCheckPolicies, BoundsCheckPolicy},
    valid::{Capabilities, ModuleInfo, ValidationFlags, Validator},
};
use plunge::plan::KernelKey;

use super::on_all_processors;

/// What compilers take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Wgsl,
    SpirV,
    /// Shader model 5.1.
    HlslOfFxc,
    /// Shader model 6.0.
    HlslOfDxc,
    Glsl,
    Msl,
}

/// A kernel whose texts lie in files.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) key: String,
    folder: PathBuf,
    /// The entry point's name in HLSL.
    entry: String,
    /// GLSL cannot load from depth buffers, and the engine refuses them on GL.
    reads_depth: bool,
}

impl Text {
    pub(super) fn is_in(&self, language: Language) -> bool {
        language != Language::Glsl || !self.reads_depth
    }

    pub(super) fn file(&self, language: Language) -> PathBuf {
        self.folder.join(match language {
            Language::Wgsl => "kernel.wgsl",
            Language::SpirV => "kernel.spv",
            Language::HlslOfFxc => "fxc.hlsl",
            Language::HlslOfDxc => "dxc.hlsl",
            Language::Glsl => "kernel.comp",
            Language::Msl => "kernel.metal",
        })
    }

    pub(super) fn entry(&self, language: Language) -> &str {
        if matches!(language, Language::HlslOfFxc | Language::HlslOfDxc) { &self.entry } else { "main" }
    }
}

/// Writes the texts of these keys below a folder, emptied first.
pub(super) fn write(keys: &[KernelKey], folder: &Path) -> Result<Vec<Text>> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let numbered: Vec<(usize, &KernelKey)> = keys.iter().enumerate().collect();
    let parts = on_all_processors(&numbered, |part| {
        part.iter()
            .map(|(number, key)| {
                let text = one(key, folder.join(number.to_string())).with_context(|| key.to_string())?;
                Ok((*number, text))
            })
            .collect::<Result<Vec<_>>>()
    });
    let mut texts: Vec<(usize, Text)> = parts.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    texts.sort_by_key(|(number, _)| *number);
    Ok(texts.into_iter().map(|(_, text)| text).collect())
}

/// A kernel's MSL.
pub(super) fn msl_of(key: &KernelKey) -> Result<String> {
    let (module, info) = read(&key.wgsl())?;
    to_msl(&module, &info)
}

fn read(wgsl: &str) -> Result<(Module, ModuleInfo)> {
    let module = naga::front::wgsl::parse_str(wgsl).map_err(|error| anyhow!(error.emit_to_string(wgsl)))?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .map_err(|error| anyhow!(error.emit_to_string(wgsl)))?;
    Ok((module, info))
}

fn one(key: &KernelKey, folder: PathBuf) -> Result<Text> {
    fs::create_dir_all(&folder)?;
    let wgsl = key.wgsl();
    let (module, info) = read(&wgsl)?;
    let (fxc, entry) = to_hlsl(&module, &info, hlsl::ShaderModel::V5_1)?;
    let text = Text { key: key.to_string(), folder, entry, reads_depth: reads_depth(&module) };
    fs::write(text.file(Language::Wgsl), &wgsl)?;
    fs::write(text.file(Language::SpirV), to_spirv(&module, &info)?)?;
    fs::write(text.file(Language::HlslOfFxc), fxc)?;
    fs::write(text.file(Language::HlslOfDxc), to_hlsl(&module, &info, hlsl::ShaderModel::V6_0)?.0)?;
    fs::write(text.file(Language::Msl), to_msl(&module, &info)?)?;
    if !text.reads_depth {
        fs::write(text.file(Language::Glsl), to_glsl(&module, &info)?)?;
    }
    Ok(text)
}

fn reads_depth(module: &Module) -> bool {
    let depth = |ty: &TypeInner| matches!(ty, TypeInner::Image { class: ImageClass::Depth { .. }, .. });
    module.global_variables.iter().any(|(_, variable)| depth(&module.types[variable.ty].inner))
}

/// wgpu's, where nothing is known of the driver's own checks.
const CHECKS: BoundsCheckPolicies = BoundsCheckPolicies {
    index: BoundsCheckPolicy::Restrict,
    buffer: BoundsCheckPolicy::Restrict,
    image_load: BoundsCheckPolicy::Restrict,
    binding_array: BoundsCheckPolicy::Unchecked,
};

fn to_spirv(module: &Module, info: &ModuleInfo) -> Result<Vec<u8>> {
    let options = spv::Options {
        lang_version: (1, 3),
        flags: spv::WriterFlags::empty(),
        bounds_check_policies: CHECKS,
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        force_loop_bounding: false,
        emit_int_div_checks: false,
        ..Default::default()
    };
    let pipeline = spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: "main".into() };
    let words = spv::write_vec(module, info, &options, Some(&pipeline))?;
    Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

fn to_hlsl(module: &Module, info: &ModuleInfo, shader_model: hlsl::ShaderModel) -> Result<(String, String)> {
    let options = hlsl::Options {
        shader_model,
        zero_initialize_workgroup_memory: false,
        force_loop_bounding: false,
        ..Default::default()
    };
    let pipeline = hlsl::PipelineOptions { entry_point: Some((ShaderStage::Compute, "main".into())) };
    let mut text = String::new();
    let mut names = hlsl::Writer::new(&mut text, &options, &pipeline).write(module, info, None)?.entry_point_names;
    let entry = names.pop().context("no entry point")?.map_err(|error| anyhow!("{error}"))?;
    Ok((text, entry))
}

fn to_msl(module: &Module, info: &ModuleInfo) -> Result<String> {
    let options = msl::Options {
        lang_version: (2, 4),
        bounds_check_policies: CHECKS,
        zero_initialize_workgroup_memory: false,
        force_loop_bounding: false,
        emit_int_div_checks: false,
        ..Default::default()
    };
    let pipeline = msl::PipelineOptions { entry_point: Some((ShaderStage::Compute, "main".into())), ..Default::default() };
    Ok(msl::write_string(module, info, &options, &pipeline)?.0)
}

fn to_glsl(module: &Module, info: &ModuleInfo) -> Result<String> {
    let bindings = module.global_variables.iter().filter_map(|(_, variable)| {
        let own = variable.binding?;
        Some((own, u8::try_from(own.binding).ok()?))
    });
    let options = glsl::Options {
        version: glsl::Version::new_gles(310),
        binding_map: bindings.collect(),
        zero_initialize_workgroup_memory: false,
        ..Default::default()
    };
    let pipeline = glsl::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: "main".into(), multiview: None };
    // Bounds are the driver's business there.
    let checks = BoundsCheckPolicies::default();
    let mut text = String::new();
    glsl::Writer::new(&mut text, module, info, &options, &pipeline, checks)?.write()?;
    Ok(text)
}
