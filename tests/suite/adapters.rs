//! The adapters of this machine: all of them are tested, and a missing one is a failure.

use plunge::{Engine, Error, HeadlessOptions, wgpu};

/// An engine on every adapter here, with a name for messages.
pub fn engines() -> Vec<(String, Engine)> {
    let adapters = plunge::adapters(&HeadlessOptions::default());
    assert!(!adapters.is_empty(), "no adapter on this machine; `cargo xtask test` installs software ones");
    adapters
        .iter()
        .map(|adapter| {
            let engine = pollster::block_on(Engine::on_adapter(adapter)).expect("a device");
            (plunge::describe(&adapter.get_info()), engine)
        })
        .collect()
}

/// On Linux the software adapters are always to be had, so both kinds of backend are always tested.
#[test]
#[cfg(target_os = "linux")]
fn vulkan_and_gl_are_both_here() {
    let names: Vec<String> = engines().into_iter().map(|(name, _)| name).collect();
    println!("adapters: {}", names.join("; "));
    for backend in ["vulkan", "gl"] {
        assert!(names.iter().any(|name| name.contains(&format!("({backend},"))), "no {backend} adapter among {names:?}");
    }
}

#[test]
fn an_adapter_that_is_not_here_is_an_error_that_lists_what_is() {
    let options = HeadlessOptions::default().adapter_name("no such adapter");
    let error = Engine::headless_with(&options).expect_err("no adapter has that name");
    assert!(matches!(&error, Error::NoAdapter { available, .. } if !available.is_empty()), "{error}");
    let message = error.to_string();
    assert!(message.contains("no such adapter") && message.contains("there are: "), "{message}");

    let options = HeadlessOptions::default().backends(wgpu::Backends::empty());
    assert!(matches!(Engine::headless_with(&options), Err(Error::NoAdapter { .. })));
}
