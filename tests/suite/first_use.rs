//! What is compiled, when and how often: warming up, and the driver's cache.

use std::{collections::HashSet, thread};

use plunge::{
    Activation, Engine, Error, Kernel, Op, Pooling, Region, Request, Shape, Window,
    plan::{KernelKey, Limits, Plan},
    wgpu,
};

use crate::adapters::engines;

/// Every window, layout and size near one shape finds its kernels compiled.
#[test]
fn within_the_warmed_set_no_tensor_size_compiles_anything() {
    let poolings = [
        Pooling::max([3, 3]).stride([2, 2]).padding([1, 1]),
        Pooling::average([2, 2]),
        Pooling::new(Op::Std, Window::new([5, 5])).stride([3, 3]),
        Pooling::new(Op::Median, Window::new([3, 3])).stride([1, 1]),
        Pooling::new(Op::AVERAGE, Region::Adaptive { output_size: 7.into() }),
    ];
    let shape = |images: usize, rows: usize, columns: usize| Shape::nchw([images, 3, rows, columns]);
    for (adapter, engine) in engines() {
        for pooling in &poolings {
            let request = Request::new();
            let limits = engine.limits();
            engine.warm_up(Plan::keys_near(pooling, &shape(1, 32, 32), &request, limits).unwrap()).unwrap();
            let warm = engine.cached_pipelines();
            for (images, rows, columns) in [(1, 32, 32), (2, 37, 41), (5, 48, 63), (8, 40, 58), (1, 33, 60), (7, 35, 39)] {
                engine.prepare(pooling, shape(images, rows, columns)).unwrap();
                let at = format!("{adapter}: {pooling:?} on {images}×3×{rows}×{columns}");
                assert_eq!(engine.cached_pipelines(), warm, "{at} compiled");
            }
        }
    }
}

/// Keys of all ways are compiled together, each once, by whatever threads; then poolings made of them answer as they do cold.
#[test]
fn plans_of_every_way_are_warmed_up_together() {
    let shape = Shape::nchw([2, 3, 18, 20]);
    let values: Vec<f32> = (0..shape.elements()).map(|at| (at * 7919 % 1009) as f32).collect();
    let pooling = Pooling::max([3, 3]).stride([2, 2]);
    let request = Request::new().indices(true);
    for ((adapter, warm), (_, cold)) in engines().into_iter().zip(engines()) {
        let limits = warm.limits();
        let staged = request.kernel(Kernel::TwoStage);
        let pooled = pooling.output_shape(&shape).unwrap();
        let plans = [
            Plan::new(&pooling, &shape, &request, limits).unwrap(),
            Plan::new(&pooling, &shape, &staged, limits).unwrap(),
            Plan::grad(&pooling, &shape, &Request::new(), limits).unwrap(),
            Plan::unpool(&pooling, &pooled, &shape, &Request::new(), limits).unwrap(),
        ];
        let keys: Vec<KernelKey> = plans.iter().flat_map(Plan::keys).collect();
        let distinct = keys.iter().collect::<HashSet<_>>().len();
        warm.warm_up(keys.iter().copied().chain(keys.iter().copied())).unwrap();
        assert_eq!(warm.cached_pipelines(), distinct, "{adapter}: each kernel once");
        for request in [request, staged] {
            let of = |engine: &Engine| engine.pool(&pooling, shape, &values, &request).unwrap();
            assert_eq!(of(&warm), of(&cold), "{adapter}");
        }
        warm.prepare_grad(&pooling, shape).unwrap();
        warm.prepare_unpool(&pooling, pooled, shape).unwrap();
        assert_eq!(warm.cached_pipelines(), distinct, "{adapter}: nothing is compiled later");
    }
}

/// Threads that prepare and warm up the same things at once get the same pipelines, and the guest's errors stay on their threads.
#[test]
fn threads_that_prepare_at_once_share_their_pipelines() {
    let shape = Shape::nchw([1, 2, 9, 11]);
    let poolings = [Op::Max, Op::Min, Op::AVERAGE, Op::Std].map(|op| Pooling::new(op, Window::new([4, 3])));
    for (adapter, engine) in engines() {
        let request = Request::new().kernel(Kernel::Direct);
        let keys: Vec<KernelKey> = poolings
            .iter()
            .flat_map(|pooling| Plan::new(pooling, &shape, &request, engine.limits()).unwrap().keys().collect::<Vec<_>>())
            .collect();
        thread::scope(|scope| {
            for at in 0..4 {
                let (engine, poolings, keys, request) = (&engine, &poolings, &keys, &request);
                scope.spawn(move || {
                    if at % 2 == 0 {
                        engine.warm_up(keys.iter().copied()).unwrap();
                    } else {
                        engine.prepare_all(poolings, shape, request).unwrap();
                    }
                });
            }
        });
        assert_eq!(engine.cached_pipelines(), keys.len(), "{adapter}");
    }
}

/// A device whose workgroups are too small refuses every kernel: the error names each of them, and the host hears nothing.
#[test]
fn kernels_that_are_refused_are_named() {
    for adapter in crate::adapters::here() {
        let name = plunge::describe(&adapter.get_info());
        let required_limits = wgpu::Limits {
            max_compute_invocations_per_workgroup: 32,
            max_compute_workgroup_size_x: 32,
            ..wgpu::Limits::downlevel_defaults()
        };
        let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).expect("a device");
        let engine = Engine::new(&device, &queue);
        let keys: Vec<KernelKey> = [Activation::Relu, Activation::Tanh, Activation::Sigmoid]
            .into_iter()
            .map(|activation| Pooling::max([4, 4]).activation(activation))
            .flat_map(|pooling| {
                let plan = Plan::new(&pooling, &Shape::nchw([1, 1, 9, 9]), &Request::new(), &Limits::WEBGPU).unwrap();
                plan.keys().collect::<Vec<_>>()
            })
            .collect();
        let refused = engine.warm_up(keys.iter().copied());
        let Err(Error::Kernels { refused, of: 3 }) = &refused else { panic!("{name}: {refused:?}") };
        let mut named: Vec<String> = keys.iter().map(ToString::to_string).collect();
        named.sort_unstable();
        let mut told: Vec<&str> = refused.iter().map(|(key, _)| key.as_str()).collect();
        told.sort_unstable();
        assert_eq!(told, named, "{name}");
        assert_eq!(engine.cached_pipelines(), 0, "{name}");
    }
}

/// Whole data, by its digest, whose header names another vendor's device.
fn of_another_vendor(data: &[u8]) -> Vec<u8> {
    // Our header's 16 bytes, then wgpu's: magic, version, size of pointers, backend and three bytes come before the vendor.
    let mut own = data[16..].to_vec();
    own[20] ^= 1;
    let digest =
        own.iter().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    [&data[..8], &digest.to_le_bytes(), &own].concat()
}

/// What one engine has compiled another takes; damaged and foreign data is ignored; without the feature there is none.
#[test]
#[allow(unsafe_code, reason = "the data is what an engine gave, and damaged here; only its header lies")]
fn a_pipeline_cache_makes_the_round_trip() {
    let shape = Shape::nchw([1, 2, 4, 4]);
    let values: Vec<f32> = (0..32).map(|at| (at * 7 % 32) as f32).collect();
    let pool = |engine: &Engine| engine.pool(&Pooling::max([2, 2]), shape, &values, &Request::new()).unwrap().values;
    let mut caches = 0;
    for (adapter, engine) in engines() {
        let has = engine.device().features().contains(wgpu::Features::PIPELINE_CACHE);
        let vulkan = engine.adapter_info().backend == wgpu::Backend::Vulkan;
        assert!(has || !vulkan, "{adapter}: engines of Vulkan ask for the feature");
        let expected = pool(&engine);
        assert_eq!(engine.pipeline_cache_data(), None, "{adapter}: none was asked for");
        // SAFETY: there is no data.
        let with = |data: &[u8]| unsafe { engine.clone().with_pipeline_cache(data) }.unwrap();
        let first = with(&[]);
        assert_eq!(pool(&first), expected, "{adapter}");
        let Some(data) = first.pipeline_cache_data() else {
            assert!(!has, "{adapter}: it has the feature and gives no data");
            continue;
        };
        caches += 1;
        let foreign = of_another_vendor(&data);
        for given in [&data[..], &data[..data.len() / 2], &foreign, b"garbage", &[0; 4096]] {
            let engine = with(given);
            assert_eq!(engine.cached_pipelines(), 0, "{adapter}: pipelines are the engine's own");
            assert_eq!(pool(&engine), expected, "{adapter}");
            assert!(engine.clone().pipeline_cache_data().is_some(), "{adapter}: clones share the cache");
        }
    }
    assert!(caches > 0 || cfg!(not(target_os = "linux")), "no adapter here has pipeline caches");
}

/// A guest whose host did not ask for the feature goes on without.
#[test]
#[allow(unsafe_code, reason = "there is no data")]
fn a_device_without_the_feature_has_no_pipeline_cache() {
    for adapter in crate::adapters::here() {
        let limits = adapter.limits();
        let descriptor = wgpu::DeviceDescriptor { required_limits: limits, ..Default::default() };
        let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).expect("a device");
        // SAFETY: there is no data.
        let engine = unsafe { Engine::new(&device, &queue).with_pipeline_cache(&[]) }.unwrap();
        engine.prepare(&Pooling::max([2, 2]), Shape::nchw([1, 1, 4, 4])).unwrap();
        assert_eq!(engine.pipeline_cache_data(), None);
    }
}
