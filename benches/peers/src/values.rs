//! Values in either layout, and whether two libraries agree about them.

use plunge::Layout;

/// Values of `sizes` (N and C first) that are stored in one layout, in another.
pub(crate) fn restored(values: &[f32], sizes: &[usize], from: Layout, to: Layout) -> Vec<f32> {
    let [_, channels, spatial @ ..] = sizes else { return values.to_vec() };
    let positions: usize = spatial.iter().product();
    let (rows, columns) = match (from, to) {
        (Layout::Nchw, Layout::Nhwc) => (*channels, positions),
        (Layout::Nhwc, Layout::Nchw) => (positions, *channels),
        _ => return values.to_vec(),
    };
    if rows * columns == 0 {
        return values.to_vec();
    }
    let images = values.chunks(rows * columns);
    images.flat_map(|image| (0..columns).flat_map(move |at| image.iter().skip(at).step_by(columns).copied())).collect()
}

/// The share of values that agree, to `tolerance` of their size and of 1 where they are smaller; none where there are more or fewer.
#[allow(clippy::cast_precision_loss, reason = "a share")]
pub(crate) fn agreement(ours: &[f32], theirs: &[f32], tolerance: f32) -> f64 {
    if ours.len() != theirs.len() || ours.is_empty() {
        return 0.0;
    }
    let agree = |(ours, theirs): &(&f32, &f32)| ours == theirs || (*ours - *theirs).abs() <= tolerance * ours.abs().max(1.0);
    ours.iter().zip(theirs).filter(agree).count() as f64 / ours.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_to_channels_last_and_back() {
        let first = [0., 1., 2., 10., 11., 12., 20., 21., 22., 30., 31., 32.];
        let last = restored(&first, &[2, 2, 3], Layout::Nchw, Layout::Nhwc);
        assert_eq!(last, [0., 10., 1., 11., 2., 12., 20., 30., 21., 31., 22., 32.]);
        assert_eq!(restored(&last, &[2, 2, 3], Layout::Nhwc, Layout::Nchw), first);
    }

    #[test]
    fn one_wrong_value_is_noticed() {
        let ours = [1.0, -2.0, f32::INFINITY, 300.0];
        assert_eq!(agreement(&ours, &ours, 0.0), 1.0);
        for at in 0..4 {
            let mut theirs = ours;
            theirs[at] = if theirs[at].is_finite() { theirs[at] * 1.001 } else { f32::NAN };
            assert_eq!(agreement(&ours, &theirs, 1e-4), 0.75);
        }
        assert_eq!(agreement(&ours, &ours[..3], 1.0), 0.0);
        assert_eq!(agreement(&[], &[], 1.0), 0.0);
    }
}
