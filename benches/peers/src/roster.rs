//! Who takes part.

use plunge::Layout;
use serde::{Deserialize, Serialize};

/// A library in one of its ways of storing tensors: a process of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    /// Its name in tables and on the command line.
    pub(crate) name: &'static str,
    /// What runs.
    pub(crate) program: Program,
    /// How it stores tensors.
    pub(crate) stored: Stored,
    /// What it runs on.
    pub(crate) field: Field,
    /// What the comparison says of it.
    pub(crate) about: &'static str,
}

/// What a peer runs on, and so whether it is raced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    /// The adapter that Plunge runs on, whosever it is.
    Portable,
    /// GPUs of one vendor, by that vendor's own interface.
    Vendor,
    /// The processor.
    Cpu,
}

/// How a peer is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// The binary beside this one, given the layout and the kind of adapter.
    Burn,
    /// A script of `python/` with its arguments.
    Python { script: &'static str, arguments: &'static [&'static str], dawn: bool },
    /// `tfjs/peer.mjs`, on Dawn.
    Node,
}

/// How a peer stores its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// \[N, C, …\].
    First,
    /// \[N, …, C\].
    Last,
    /// In an order of its own, made from \[N, C, …\].
    Packed,
}

impl Stored {
    /// The order of the files that it reads and writes.
    pub(crate) fn files(self) -> Layout {
        if self == Self::Last { Layout::Nhwc } else { Layout::Nchw }
    }

    /// Whether it stores what a workload stores.
    pub(crate) fn is(self, layout: Layout) -> bool {
        self != Self::Packed && self.files() == layout
    }

    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::First => "NCHW",
            Self::Last => "NHWC",
            Self::Packed => "packed",
        }
    }
}

/// Every peer, field by field.
pub(crate) fn roster() -> Vec<Member> {
    let python = |script, arguments, dawn| Program::Python { script, arguments, dawn };
    let of = |field| move |name, program, stored, about| Member { name, program, stored, field, about };
    let [gpu, vendor, cpu] = [Field::Portable, Field::Vendor, Field::Cpu].map(of);
    vec![
        gpu("burn", Program::Burn, Stored::First, "burn's wgpu backend; copies to channels last, pools, and gives a view"),
        gpu("burn-nhwc", Program::Burn, Stored::Last, "the same between layers of a network, where channels are last already"),
        gpu("ort", python("ort.py", &["webgpu", "nchw"], true), Stored::First, "ONNX Runtime's WebGPU provider, on Dawn"),
        gpu("ort-nhwc", python("ort.py", &["webgpu", "nhwc"], true), Stored::Last, "the same, asked to prefer channels last"),
        gpu("tfjs", Program::Node, Stored::Last, "TensorFlow.js on WebGPU, on Dawn in Node"),
        gpu("ncnn", python("ncnn_vulkan.py", &[], false), Stored::Packed, "ncnn on Vulkan, in f32"),
        vendor(
            "torch",
            python("torch_peer.py", &["cuda", "nchw"], false),
            Stored::First,
            "PyTorch on CUDA, replayed as a CUDA graph",
        ),
        vendor("torch-nhwc", python("torch_peer.py", &["cuda", "nhwc"], false), Stored::Last, "the same, channels_last"),
        cpu("torch-cpu", python("torch_peer.py", &["cpu", "nchw"], false), Stored::First, "PyTorch on the CPU"),
        cpu("torch-cpu-nhwc", python("torch_peer.py", &["cpu", "nhwc"], false), Stored::Last, "the same, channels_last"),
        cpu("ort-cpu", python("ort.py", &["cpu", "nchw"], false), Stored::First, "ONNX Runtime on the CPU"),
        cpu("opencv-cpu", python("opencv.py", &[], false), Stored::First, "OpenCV's dilate and medianBlur on the CPU"),
    ]
}
