//! The one output-size formula, and the axes of windows and grids.

use super::{Axis, INDEX_LIMIT, Walk, narrow};
use crate::{Error, Fractional, Padding, Window, spec::PaddingMode};

pub(super) fn adaptive_axes(outputs: &[u32], sizes: &[i64]) -> Result<Vec<Axis>, Error> {
    // The kernels compute i·(in mod out) in 32 bits: region/adaptive.wgsl.
    const MOST: u32 = 0xffff;
    sizes
        .iter()
        .zip(outputs)
        .enumerate()
        .map(|(axis, (&size, &output))| match output {
            0 => Err(Error::InvalidAxis { parameter: "output_size", axis, expected: "at least 1".into(), actual: "0".into() }),
            1..=MOST => Ok(Axis::whole(narrow(size)?, output)),
            _ => Err(Error::UnsupportedSize {
                what: format!("output_size on spatial axis {axis}"),
                limit: u64::from(MOST),
                actual: u64::from(output),
            }),
        })
        .collect()
}

/// Bins that are as large as one another and as far apart are windows, and one bin is the whole: the same regions, for which there are faster kernels.
pub(super) fn as_windows(axes: Vec<Axis>) -> (Walk, Vec<Axis>) {
    if axes.iter().all(|axis| axis.output == 1) {
        return (Walk::Global, axes);
    }
    match axes.iter().map(as_window).collect() {
        Some(windows) => (Walk::Window, windows),
        None => (Walk::Adaptive, axes),
    }
}

/// The whole as one row, where it does not matter where a value stands in it: its positions lie side by side.
pub(super) fn one_run(axes: [Axis; 3]) -> [Axis; 3] {
    let positions = axes.iter().fold(1, |product: u64, axis| product.saturating_mul(axis.input.into()));
    match i32::try_from(positions) {
        Ok(_) => [Axis::ABSENT, Axis::ABSENT, Axis::whole(u32::try_from(positions).unwrap_or(u32::MAX), 1)],
        Err(_) => axes,
    }
}

/// The window that all bins of an axis are, if they are.
fn as_window(axis: &Axis) -> Option<Axis> {
    let (input, output) = (u64::from(axis.input), u64::from(axis.output));
    let begin = |bin: u64| bin * input / output;
    let size = |bin: u64| ((bin + 1) * input).div_ceil(output) - begin(bin);
    let (kernel, stride) = (size(0), if output > 1 { begin(1) } else { input });
    let alike = stride > 0 && (0..output).all(|bin| begin(bin) == bin * stride && size(bin) == kernel);
    let [kernel, stride] = [kernel, stride].map(|number| u32::try_from(number).ok());
    alike.then_some(Axis { kernel: kernel?, stride: stride?, ..*axis })
}

/// The axes of fractional pooling, and where each of its windows begins, axis after axis. The kernels find an axis' starts by
/// its `pad_end`, which has no other meaning here.
pub(super) fn fractional_axes(fractional: &Fractional, sizes: &[i64]) -> Result<(Vec<Axis>, Vec<u32>), Error> {
    const BOTH: &str = "samples";
    let kernels = fractional.kernel_size.resolve("kernel_size", sizes.len())?;
    let outputs = fractional.output_size.resolve("output_size", sizes.len())?;
    let mut axes = adaptive_axes(&outputs, sizes)?;
    let count = |parameter, actual| match actual {
        _ if actual == sizes.len() => Ok(()),
        _ => Err(Error::InvalidAxisCount { parameter, expected: sizes.len(), actual }),
    };
    match (&fractional.samples, &fractional.starts) {
        (Some(samples), None) => count("samples", samples.len())?,
        (None, Some(starts)) => count("starts", starts.len())?,
        (None, None) => return Err(Error::parameter(BOTH, "given, unless starts are", "absent")),
        (Some(_), Some(_)) => return Err(Error::parameter(BOTH, "absent where starts are given", "given")),
    }
    // Absent axes, whose pad_end is 0, begin at 0.
    let mut table = vec![0];
    for (axis, resolved) in axes.iter_mut().enumerate() {
        let invalid = |parameter, expected: String, actual: String| Error::InvalidAxis { parameter, axis, expected, actual };
        let (kernel, output) = (kernels[axis], resolved.output);
        if kernel == 0 || kernel > resolved.input {
            let expected = format!("at least 1 and at most the input's {}", resolved.input);
            return Err(invalid("kernel_size", expected, kernel.to_string()));
        }
        let last = resolved.input - kernel;
        resolved.kernel = kernel;
        resolved.pad_end = u32::try_from(table.len()).unwrap_or(u32::MAX);
        if let Some(starts) = &fractional.starts {
            let starts = &starts[axis];
            if starts.len() != output as usize {
                return Err(invalid("starts", format!("{output} numbers, one an output"), format!("{} numbers", starts.len())));
            }
            if let Some(start) = starts.iter().find(|&&start| start > last) {
                return Err(invalid("starts", format!("at most {last}, so that the window fits"), start.to_string()));
            }
            table.extend_from_slice(starts);
        } else if let Some(&sample) = fractional.samples.as_ref().and_then(|samples| samples.get(axis)) {
            if !(0.0..1.0).contains(&sample) {
                return Err(invalid("samples", "at least 0 and below 1".into(), sample.to_string()));
            }
            let step = f64::from(last) / f64::from(output.max(2) - 1);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the size of an axis")]
            let start = |o: u32| ((f64::from(o) + sample) * step).floor() as u32 - (sample * step).floor() as u32;
            table.extend((0..output).map(|o| if o + 1 == output { last } else { start(o).min(last) }));
        }
    }
    Ok((axes, table))
}

pub(super) fn window_axes(window: &Window, sizes: &[i64]) -> Result<Vec<Axis>, Error> {
    let axes = sizes.len();
    let kernels = window.kernel_size.resolve("kernel_size", axes)?;
    let strides = window.stride.as_ref().map_or(Ok(kernels.clone()), |stride| stride.resolve("stride", axes))?;
    let dilations = window.dilation.resolve("dilation", axes)?;
    let paddings = match &window.padding {
        Padding::Explicit(sides) => Some(sides.resolve("padding", axes)?),
        _ => None,
    };
    (0..axes)
        .map(|axis| {
            for (parameter, value) in [("kernel_size", kernels[axis]), ("stride", strides[axis]), ("dilation", dilations[axis])]
            {
                if value == 0 {
                    return Err(Error::InvalidAxis { parameter, axis, expected: "at least 1".into(), actual: "0".into() });
                }
            }
            let fixed = paddings.as_ref().map(|sides| sides[axis]);
            window_axis(axis, window, sizes[axis], [kernels[axis], strides[axis], dilations[axis]].map(i64::from), fixed)
        })
        .collect()
}

/// One axis of a window: the one output-size formula.
fn window_axis(
    axis: usize,
    window: &Window,
    size: i64,
    [kernel, stride, dilation]: [i64; 3],
    fixed: Option<[u32; 2]>,
) -> Result<Axis, Error> {
    let reach = dilation.saturating_mul(kernel - 1);
    let ([begin, end], output) = match fixed {
        Some(sides) => {
            let [begin, end] = sides.map(i64::from);
            if begin > reach || end > reach {
                return Err(Error::InvalidAxis {
                    parameter: "padding",
                    axis,
                    expected: format!("at most dilation · (kernel_size − 1) = {reach} on each side"),
                    actual: format!("{begin} and {end}"),
                });
            }
            ([begin, end], output_size(size + begin + end, size + begin, reach, stride, window.ceil_mode))
        }
        None if window.padding == Padding::Valid => ([0, 0], output_size(size, size, reach, stride, window.ceil_mode)),
        None => {
            let output = (size - 1) / stride + 1;
            let total = ((output - 1) * stride).saturating_add(reach).saturating_add(1).saturating_sub(size).max(0);
            let (less, more) = (total / 2, total - total / 2);
            (if window.padding == Padding::SameLower { [more, less] } else { [less, more] }, output)
        }
    };
    if window.padding_mode == PaddingMode::Reflect && (begin >= size || end >= size) {
        return Err(Error::InvalidAxis {
            parameter: "padding",
            axis,
            expected: format!("below the input's {size} where it is reflected"),
            actual: format!("{begin} and {end}"),
        });
    }
    let padded = size.saturating_add(begin).saturating_add(end);
    if output < 1 {
        return Err(Error::InvalidAxis {
            parameter: "kernel_size",
            axis,
            expected: format!("small enough for one window in the padded input of {padded}"),
            actual: format!("{kernel} taps {dilation} apart, {} positions", reach.saturating_add(1)),
        });
    }
    if padded >= INDEX_LIMIT {
        return Err(Error::UnsupportedSize {
            what: format!("padded size of spatial axis {axis}"),
            limit: INDEX_LIMIT.unsigned_abs() - 1,
            actual: padded.unsigned_abs(),
        });
    }
    Ok(Axis {
        input: narrow(size)?,
        output: narrow(output)?,
        kernel: narrow(kernel)?,
        stride: narrow(stride)?,
        // One tap has no neighbour, however far apart they would be.
        dilation: if kernel == 1 { 1 } else { narrow(dilation)? },
        pad_begin: narrow(begin)?,
        pad_end: narrow(end)?,
    })
}

/// Windows on one axis: `padded` positions with both paddings, `start_limit` with that at the begin only, `reach` from a
/// window's first tap to its last.
pub(super) fn output_size(padded: i64, start_limit: i64, reach: i64, stride: i64, ceil_mode: bool) -> i64 {
    let room = padded - 1 - reach;
    if room < 0 {
        return 0;
    }
    let output = room / stride + 1;
    let rounded_up = output + i64::from(ceil_mode && room % stride != 0);
    // The last window must start inside the input or its begin padding.
    if (rounded_up - 1).saturating_mul(stride) >= start_limit { output } else { rounded_up }
}
