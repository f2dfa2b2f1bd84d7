//! A workload as it is put to the peers: numbers, and files of values in both layouts.

use std::{
    fs,
    path::{Path, PathBuf},
};

use plunge::{Layout, Op, Padding, PerAxis, Region};
use plunge_peers_protocol as protocol;
use plunge_workloads::{Data, Wanted, Workload};

use crate::{Error, values::restored};

/// A workload with its values written down.
#[derive(Debug)]
pub(crate) struct Posed {
    problem: protocol::Problem,
    /// The input's values as the workload stores them.
    pub(crate) input: Vec<f32>,
    /// The gradient of the output, likewise.
    pub(crate) ahead: Option<Vec<f32>>,
    /// Sizes of what is asked for, N and C first.
    pub(crate) answer_sizes: Vec<usize>,
    /// Whether axes have a meaning of their own, so that there is one order only.
    pub(crate) one_layout: bool,
    folder: PathBuf,
}

impl Posed {
    /// Writes the values of a workload into `folder`. `None` for poolings that no peer is asked for.
    pub(crate) fn new(workload: &Workload, folder: &Path) -> Result<Option<Self>, Error> {
        let (Some(op), Some(region)) = (op(workload), region(workload, folder)?) else { return Ok(None) };
        let output = workload.pooling.output_shape(&workload.shape)?;
        let (shape, output_shape) = (workload.shape.sizes(), output.sizes());
        let one_layout = matches!(region, protocol::Region::Sequence { .. });
        let (wanted, ahead, answer_sizes) = match workload.wanted {
            Wanted::Values => (protocol::Wanted::Values, None, output_shape.clone()),
            Wanted::Indices => (protocol::Wanted::Indices, None, output_shape.clone()),
            Wanted::Gradient => (protocol::Wanted::Gradient, Some(Data::Reals.values(output.elements(), 1)), shape.clone()),
        };
        let input = Data::Reals.values(workload.shape.elements(), 0);
        let problem = protocol::Problem {
            op,
            region,
            wanted,
            shape,
            output_shape,
            input: folder.join("input"),
            ahead: ahead.as_ref().map(|_| folder.join("ahead")),
            answer: folder.join("answer"),
        };
        let posed = Self { problem, input, ahead, answer_sizes, one_layout, folder: folder.into() };
        for layout in [Layout::Nchw, Layout::Nhwc] {
            posed.write(workload, layout)?;
        }
        Ok(Some(posed))
    }

    fn write(&self, workload: &Workload, layout: Layout) -> Result<(), Error> {
        let from = workload.shape.layout();
        let put = |name: &str, values: &[f32], sizes: &[usize]| {
            let path = self.folder.join(file(name, layout));
            let to = if self.one_layout { from } else { layout };
            fs::write(&path, bytemuck::cast_slice(&restored(values, sizes, from, to))).map_err(Error::file(path))
        };
        put("input", &self.input, &self.problem.shape)?;
        match &self.ahead {
            Some(ahead) => put("ahead", ahead, &self.problem.output_shape),
            None => Ok(()),
        }
    }

    /// The problem for a peer that stores tensors in this layout.
    pub(crate) fn stored(&self, layout: Layout) -> protocol::Problem {
        let named = |name| self.folder.join(file(name, layout));
        let mut problem = self.problem.clone();
        problem.input = named("input");
        problem.ahead = problem.ahead.map(|_| named("ahead"));
        problem
    }

    /// What a peer answered, with channels first; empty where it wrote nothing.
    pub(crate) fn answer(&self, layout: Layout) -> Vec<f32> {
        let bytes = fs::read(&self.problem.answer).unwrap_or_default();
        // The next peer's answer must not be this one's.
        let _ = fs::remove_file(&self.problem.answer);
        let layout = if self.one_layout { Layout::Nchw } else { layout };
        restored(
            &bytemuck::pod_collect_to_vec::<u8, f32>(&bytes[..bytes.len() / 4 * 4]),
            &self.answer_sizes,
            layout,
            Layout::Nchw,
        )
    }

    /// How far libraries may differ: an interpolation's corners are in f32 and hundreds of positions from the origin.
    pub(crate) fn tolerance(&self) -> f32 {
        match self.problem.region {
            protocol::Region::RoiAlign { .. } => 2e-3,
            _ => 2e-5,
        }
    }
}

fn file(name: &str, layout: Layout) -> String {
    format!("{name}.{}", if layout == Layout::Nhwc { "nhwc" } else { "nchw" })
}

fn op(workload: &Workload) -> Option<protocol::Op> {
    if workload.pooling.activation.is_some() {
        return None;
    }
    match workload.pooling.op {
        Op::Max => Some(protocol::Op::Max),
        op if op == Op::AVERAGE => Some(protocol::Op::Average),
        Op::Lp { p: 2.0 } => Some(protocol::Op::Lp2),
        Op::Median => Some(protocol::Op::Median),
        _ => None,
    }
}

fn region(workload: &Workload, folder: &Path) -> Result<Option<protocol::Region>, Error> {
    let axes = workload.shape.spatial().len();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(Error::file(&path)).map(|()| path)
    };
    let sides = workload.sides();
    Ok(Some(match &workload.pooling.region {
        Region::Window(window) if each(&window.dilation, axes).iter().all(|&step| step == 1) && !window.ceil_mode => {
            let Padding::Explicit(padding) = &window.padding else { return Ok(None) };
            let padding = each(padding, axes);
            if padding.iter().any(|[before, after]| before != after) {
                return Ok(None);
            }
            let kernel = each(&window.kernel_size, axes);
            let stride = window.stride.as_ref().map_or_else(|| kernel.clone(), |stride| each(stride, axes));
            protocol::Region::Window { kernel, stride, padding: padding.into_iter().map(|[before, _]| before).collect() }
        }
        Region::Adaptive { .. } => protocol::Region::Adaptive,
        Region::Global => protocol::Region::Global,
        Region::Sequence => match &sides.mask {
            Some(mask) => protocol::Region::Sequence { mask: put("mask", bytemuck::cast_slice(mask))? },
            None => return Ok(None),
        },
        Region::RoiAlign(region) if !region.position_sensitive => match &sides.boxes {
            Some(boxes) => protocol::Region::RoiAlign {
                boxes: put("boxes", bytemuck::cast_slice(boxes))?,
                spatial_scale: region.spatial_scale,
                sampling_ratio: region.sampling_ratio,
                aligned: region.aligned,
            },
            None => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

fn each<T: Clone>(sizes: &PerAxis<T>, axes: usize) -> Vec<T> {
    match sizes {
        PerAxis::All(size) => vec![size.clone(); axes],
        PerAxis::Each(sizes) => sizes.clone(),
    }
}
