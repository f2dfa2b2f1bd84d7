//! Clusters: k-means of every image's positions, in f32 as the kernels have it, so that equal distances are equal here too.

use super::{activate, random};
use crate::{ClusterBy, Clusters, Pooling, Shape};

/// The label of every position of every image: its cell times K plus its nearest centroid, or −1.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_possible_wrap, reason = "small numbers")]
pub(super) fn labels(pooling: &Pooling, clusters: &Clusters, shape: &Shape, input: &[f64]) -> Vec<i32> {
    let [height, width] = match *shape.spatial() {
        [width] => [1, width],
        [height, width, ..] => [height, width],
        [] => [1, 1],
    };
    let (positions, centroids) = (height * width, clusters.centroids as usize);
    let mut all = Vec::with_capacity(shape.batch() * positions);
    for image in 0..shape.batch() {
        let value =
            |c: usize, p: usize| activate(pooling.activation, input[(image * shape.channels() + c) * positions + p]) as f32;
        let point = |p: usize| {
            let mut point = Vec::new();
            if clusters.coordinates != ClusterBy::Positions {
                point.extend((0..shape.channels()).map(|c| value(c, p)));
            }
            if clusters.coordinates != ClusterBy::Features {
                point.extend([(p / width) as f32, (p % width) as f32]);
            }
            point
        };
        let looks = clusters.coordinates != ClusterBy::Positions || clusters.activation_weighted;
        let outside = |x: f32| x.is_nan() || x.abs() > 2f32.powi(50);
        let weights: Vec<Option<f32>> = (0..positions)
            .map(|p| {
                let values = || (0..shape.channels()).map(|c| value(c, p));
                let weight = if clusters.activation_weighted { values().fold(0.0, |sum, x| sum + x.max(0.0)) } else { 1.0 };
                (!looks || !values().any(outside)).then_some(weight)
            })
            .collect();
        let points: Vec<Vec<f32>> = (0..positions).map(point).collect();
        let distance =
            |p: usize, centroid: &[f32]| points[p].iter().zip(centroid).fold(0.0, |sum, (a, b)| sum + (a - b) * (a - b));

        let mut centres: Vec<Vec<f32>> = Vec::new();
        for k in 0..centroids {
            let lot = |p: usize| {
                let own = weights[p].filter(|&weight| weight > 0.0)?;
                let nearest = centres.iter().map(|centre| distance(p, centre)).fold(f32::INFINITY, f32::min);
                let weight = if k == 0 { own } else { own * nearest };
                random::score(weight, random::philox([(image * positions + p) as u32, k as u32], clusters.seed))
            };
            let lots: Vec<Option<u64>> = (0..positions).map(lot).collect();
            let best = lots.iter().max().copied().flatten();
            let seed = lots.iter().position(|&lot| lot.is_some() && lot == best).unwrap_or(0);
            centres.push(points[seed].clone());
        }
        let nearest = |centres: &[Vec<f32>], p: usize| {
            let distances: Vec<f32> = centres.iter().map(|centre| distance(p, centre)).collect();
            (1..centroids).fold(0, |best, k| if distances[k] < distances[best] { k } else { best })
        };
        for _ in 0..clusters.iterations {
            let members: Vec<usize> = (0..positions).map(|p| nearest(&centres, p)).collect();
            for (k, centre) in centres.iter_mut().enumerate() {
                let own = || (0..positions).filter(|&p| members[p] == k).filter_map(|p| weights[p].map(|w| (p, f64::from(w))));
                let total: f64 = own().map(|(_, weight)| weight).sum();
                if total > 0.0 {
                    for (number, to) in centre.iter_mut().enumerate() {
                        *to = (own().map(|(p, weight)| weight * f64::from(points[p][number])).sum::<f64>() / total) as f32;
                    }
                }
            }
        }
        let [rows, columns] = match shape.spatial().len() {
            1 => [1, super::each(&clusters.cells, 0) as usize],
            _ => [0, 1].map(|axis| super::each(&clusters.cells, axis) as usize),
        };
        all.extend((0..positions).map(|p| {
            let cell = (p / width * rows / height) * columns + p % width * columns / width;
            weights[p].map_or(-1, |_| (cell * centroids + nearest(&centres, p)) as i32)
        }));
    }
    all
}
