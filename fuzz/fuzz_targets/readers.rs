#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = plunge_hostile::readers(data);
});
