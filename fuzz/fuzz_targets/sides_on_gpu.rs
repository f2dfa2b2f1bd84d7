#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = plunge_hostile::sides_on_gpu(data);
});
