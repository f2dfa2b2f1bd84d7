//! What stands beside the input: malformed boxes, labels and masks, on the device and on the host, and counts that change from frame to
//! frame.

use plunge::{Bindings, Engine, Error, Op, Pooling, Region, Request, RoiAlign, RoiPool, Shape, SideInputs, wgpu};

use crate::{adapters::engines, guarded::download};

const SHAPE: Shape = Shape::nchw([2, 1, 8, 8]);

fn regions(max_boxes: Option<u32>) -> [Region; 2] {
    let (mut pool, mut align) = (RoiPool::new(2, 1.0), RoiAlign::new(2, 1.0));
    (pool.max_boxes, align.max_boxes) = (max_boxes, max_boxes);
    [pool.into(), align.into()]
}

fn upload(engine: &Engine, words: &[u32]) -> wgpu::Buffer {
    let tensor = engine.upload(Shape::nchw([1, 1, words.len()]), words).expect("it uploads");
    tensor.buffer().clone()
}

/// Nothing that a box may say reaches outside: it gives 0, raises the status, and leaves the boxes beside it alone.
#[test]
fn boxes_that_make_no_sense_give_nothing_and_are_reported() {
    let good = [1.0, 1.0, 1.0, 4.0, 4.0];
    let malformed = [
        [2.0, 1.0, 1.0, 4.0, 4.0],
        [-1.0, 1.0, 1.0, 4.0, 4.0],
        [0.5, 1.0, 1.0, 4.0, 4.0],
        [f32::NAN, 1.0, 1.0, 4.0, 4.0],
        [4e9, 1.0, 1.0, 4.0, 4.0],
        [0.0, f32::NAN, 1.0, 4.0, 4.0],
        [0.0, 1.0, 1.0, f32::INFINITY, 4.0],
        [0.0, 1.0, -1e30, 4.0, 4.0],
        [0.0, 1.0, 1.0, 60.0, 4.0],
        [0.0, 1.0, -60.0, 4.0, 4.0],
    ];
    let input: Vec<f32> = (1..=128u8).map(f32::from).collect();
    for (adapter, engine) in engines() {
        for region in regions(Some(3)) {
            let pooling = Pooling::new(Op::Max, region);
            let pooler = engine.prepare(&pooling, SHAPE).expect("it plans");
            let values = engine.upload(SHAPE, &input).expect("it uploads");
            let output = engine.allocate::<f32>(pooler.output_shape()).expect("there is room");
            let run = |middle: [f32; 5], count: Option<u32>| {
                let rows = [good, middle, good].concat();
                let (boxes, status) = (upload(&engine, bytemuck::cast_slice(&rows)), upload(&engine, &[0]));
                let counted = count.map(|count| upload(&engine, &[count]));
                let mut bindings = Bindings::new(values.buffer(), output.buffer()).boxes(&boxes).status(&status);
                if let Some(count) = &counted {
                    bindings = bindings.box_count(count);
                }
                let bound = pooler.bind(&bindings).expect("it binds");
                let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                bound.encode(&mut encoder);
                engine.queue().submit([encoder.finish()]);
                (engine.download(&output).expect("it answers"), download(&engine, &status)[0])
            };
            let (right, quiet) = run(good, None);
            assert_eq!(quiet, 0, "{adapter}: {pooling:?}");
            assert!(right.iter().all(|&value| value > 64.0), "{adapter}: {right:?}");
            for bad in malformed {
                let (values, status) = run(bad, None);
                assert_eq!(status, 1, "{adapter}: {bad:?}");
                assert_eq!(values, [&right[..4], &[0.0; 4], &right[..4]].concat(), "{adapter}: {bad:?}");
            }
            // The count varies by run, and what lies beyond it is not looked at.
            for count in [0, 1, 3, 9] {
                let (values, status) = run(good, Some(count));
                let live = 4 * count.min(3) as usize;
                assert_eq!((&values[..live], status), (&right[..live], 0), "{adapter}: {count} boxes");
                assert!(values[live..].iter().all(|&value| value == 0.0), "{adapter}: {count} boxes");
            }
            let (_, status) = run(malformed[0], Some(1));
            assert_eq!(status, 0, "{adapter}: a box beyond the count");
        }
    }
}

/// The conveniences refuse the same boxes before anything runs, and name the row.
#[test]
fn boxes_on_the_host_are_refused_by_name() {
    let (_, engine) = engines().remove(0);
    let input = vec![0.0; SHAPE.elements()];
    for region in regions(None) {
        let pooling = Pooling::new(Op::AVERAGE, region);
        let pool = |rows: &[[f32; 5]]| {
            let sides = SideInputs::new().boxes(rows);
            engine.pool_with(&pooling, SHAPE, &input, &Request::new(), &sides).map(|pooled| pooled.shape)
        };
        assert_eq!(pool(&[[0.0, 1.0, 1.0, 4.0, 4.0]; 3]), Ok(Shape::nchw([3, 1, 2, 2])));
        assert_eq!(pool(&[]), Ok(Shape::nchw([0, 1, 2, 2])));
        for (bad, named) in [
            ([2.0, 1.0, 1.0, 4.0, 4.0], "2 in row 1"),
            ([f32::NAN, 1.0, 1.0, 4.0, 4.0], "NaN in row 1"),
            ([0.0, f32::NEG_INFINITY, 1.0, 4.0, 4.0], "-inf in row 1"),
            ([0.0, 1.0, 1.0, 60.0, 4.0], "in row 1"),
        ] {
            let error = pool(&[[0.0; 5], bad]).expect_err("it makes no sense");
            assert!(error.is_invalid() && error.to_string().contains(named), "{error}");
        }
        let error = engine.pool(&pooling, SHAPE, &input, &Request::new()).expect_err("there are no boxes");
        assert!(error.is_invalid(), "{error}");
        let error = engine.prepare(&pooling, SHAPE).expect_err("their number is not known");
        assert!(matches!(error, Error::InvalidParameter { parameter: "max_boxes", .. }), "{error}");
        let sides = SideInputs::new().boxes(&[]);
        let unused = engine.pool_with(&Pooling::max(2), SHAPE, &input, &Request::new(), &sides);
        assert!(unused.is_err_and(|error| error.is_invalid()));
    }
}

/// A label that is none puts its position in no segment, a mask that is neither 0 nor 1 its token out of the sequence; both are reported.
#[test]
fn labels_that_make_no_sense_count_for_nothing_and_are_reported() {
    const BAD: [u32; 4] = [3, 0x8000_0000, 0xffff_fffe, 0x7fff_ffff];
    let shape = Shape::nchw([2, 5, 7]);
    let input: Vec<f32> = (1..=70u8).map(f32::from).collect();
    for (adapter, engine) in engines() {
        for (region, absent) in [(Region::Segments { count: Some(3), empty: 0.0 }, u32::MAX), (Region::Sequence, 0)] {
            let pooler = engine.prepare(&Pooling::new(Op::Sum, region.clone()), shape).expect("it plans");
            let values = engine.upload(shape, &input).expect("it uploads");
            let output = engine.allocate::<f32>(pooler.output_shape()).expect("there is room");
            let run = |labels: &[u32]| {
                let (labels, status) = (upload(&engine, labels), upload(&engine, &[0]));
                let bindings = Bindings::new(values.buffer(), output.buffer()).status(&status);
                let segments = matches!(region, Region::Segments { .. });
                let bindings = if segments { bindings.labels(&labels) } else { bindings.mask(&labels) };
                let bound = pooler.bind(&bindings).expect("it binds");
                let mut encoder = engine.device().create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                bound.encode(&mut encoder);
                engine.queue().submit([encoder.finish()]);
                (engine.download(&output).expect("it answers"), download(&engine, &status)[0])
            };
            let mut labels: Vec<u32> = (0..14).map(|at| at % 2).collect();
            labels[4] = absent;
            let (right, quiet) = run(&labels);
            assert_eq!(quiet, 0, "{adapter}: {region:?}");
            assert!(right.iter().sum::<f32>() > 100.0, "{adapter}: {right:?}");
            for bad in BAD {
                labels[4] = bad;
                assert_eq!(run(&labels), (right.clone(), 2), "{adapter}: {region:?} {bad}");
            }
        }
    }
}

#[test]
fn labels_on_the_host_are_refused_by_name() {
    let (_, engine) = engines().remove(0);
    let shape = Shape::nchw([2, 5, 7]);
    let input = vec![1.0; shape.elements()];
    let pool = |region: Region, sides: SideInputs<'_>| {
        let pooled = engine.pool_with(&Pooling::new(Op::Sum, region), shape, &input, &Request::new(), &sides);
        pooled.map(|pooled| pooled.shape)
    };
    let segments = |count| Region::Segments { count, empty: 0.0 };
    let mut labels = [4; 14];
    assert_eq!(pool(segments(None), SideInputs::new().labels(&labels)), Ok(Shape::nchw([2, 5, 5])));
    assert_eq!(pool(segments(Some(9)), SideInputs::new().labels(&labels)), Ok(Shape::nchw([2, 5, 9])));
    assert_eq!(pool(Region::Sequence, SideInputs::new()), Ok(Shape::nchw([2, 1, 7])));
    let refused = |region, sides: SideInputs<'_>, named: &str| {
        let error = pool(region, sides).expect_err("it makes no sense");
        assert!(error.is_invalid() && error.to_string().contains(named), "{error}");
    };
    refused(segments(Some(4)), SideInputs::new().labels(&labels), "4 at element 0");
    refused(segments(Some(5)), SideInputs::new().labels(&labels[1..]), "13 elements");
    refused(segments(Some(5)), SideInputs::new(), "absent");
    refused(segments(None), SideInputs::new().labels(&[-1; 14]), "count");
    refused(segments(Some(5)), SideInputs::new().labels(&labels).mask(&[1; 14]), "mask");
    refused(Region::Sequence, SideInputs::new().labels(&labels), "labels");
    refused(Region::Sequence, SideInputs::new().mask(&[1; 3]), "3 elements");
    refused(Region::Sequence, SideInputs::new().mask(&[2; 10]), "2 at element 0");
    labels[3] = -2;
    refused(segments(None), SideInputs::new().labels(&labels), "-2 at element 3");
}
