//! Exit codes, the choice of adapter, and what a machine without adapters does.

use crate::{Desk, npy, stderr, stdout};

/// Hides Vulkan's drivers and Mesa's GL from the loaders.
const NO_ADAPTERS: [(&str, &str); 5] = [
    ("VK_DRIVER_FILES", "/nonexistent"),
    ("VK_ICD_FILENAMES", "/nonexistent"),
    ("LIBGL_DRIVERS_PATH", "/nonexistent"),
    ("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent"),
    ("__EGL_VENDOR_LIBRARY_DIRS", "/nonexistent"),
];

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#);
    desk.write("x.npy", npy::f32s(&[1, 1, 4], &[1., 2., 3., 4.]));
    image::DynamicImage::ImageLuma8(image::GrayImage::from_raw(2, 1, vec![3, 4]).unwrap()).save(desk.path("in.png")).unwrap();
    desk
}

#[test]
fn an_adapter_that_is_not_here_is_exit_3_with_a_list_of_what_is() {
    let desk = desk();
    let absent: &str = if cfg!(target_vendor = "apple") { "dx12" } else { "metal" };
    for flags in [format!("--backend {absent}"), "--adapter no-such-adapter".into(), "--backend gl --adapter radeon-9".into()] {
        for line in ["run spec.json x.npy -o y.npy", "image in.png -o out.png --op max --global"] {
            let output = desk.run(&format!("{line} {flags}"));
            assert_eq!(output.status.code(), Some(3), "{line} {flags}: {}", stderr(&output));
            assert!(stderr(&output).contains("no adapter for") && stderr(&output).contains("llvmpipe"), "{}", stderr(&output));
        }
    }
    let unknown =
        desk.command(&["run", "spec.json", "x.npy", "-o", "y.npy"]).env("WGPU_BACKEND", "direct3d3").output().unwrap();
    assert_eq!(unknown.status.code(), Some(3), "{}", stderr(&unknown));
    assert_eq!(desk.names(), ["in.png", "spec.json", "x.npy"]);
}

#[test]
fn flags_and_environment_choose_the_adapter() {
    let desk = desk();
    let taken = |flags: &[&str], environment: &[(&str, &str)]| {
        let mut args = vec!["run", "spec.json", "x.npy", "-o", "y.npy", "--json"];
        args.extend(flags);
        let output = desk.command(&args).envs(environment.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        report["adapter"]["backend"].as_str().unwrap().to_string()
    };
    assert_eq!(taken(&["--backend", "cpu"], &[]), "cpu");
    assert_eq!(taken(&["--backend", "gl", "--adapter", "LLVM"], &[]), "gl");
    assert_eq!(taken(&[], &[("WGPU_BACKEND", "gl")]), "gl");
    assert_eq!(taken(&["--backend", "vulkan"], &[("WGPU_BACKEND", "gl")]), "vulkan");
    assert_ne!(taken(&[], &[("WGPU_BACKEND", "")]), "cpu");
    assert_ne!(taken(&[], &[]), "cpu");
}

#[test]
fn without_any_adapter_the_reference_runs_and_says_so() {
    let desk = desk();
    let line = ["image", "in.png", "-o", "out.png", "--op", "max", "--global"];
    let output = desk.command(&line).envs(NO_ADAPTERS).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("there is no adapter on this machine; on the CPU reference"), "{}", stderr(&output));
    assert_eq!(image::open(desk.path("out.png")).unwrap().as_bytes(), [4]);
    // Only where nothing in particular was asked for.
    for flags in [["--backend", "vulkan"], ["--adapter", "llvmpipe"]] {
        let output = desk.command(&[&line[..], &flags].concat()).envs(NO_ADAPTERS).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains("none at all"), "{}", stderr(&output));
    }
    let listed = desk.command(&["adapters"]).envs(NO_ADAPTERS).output().unwrap();
    assert!(listed.status.success() && stdout(&listed).contains("CPU reference"), "{}", stdout(&listed));
}

#[test]
fn adapters_are_listed_for_people_and_programs() {
    let desk = desk();
    let table = stdout(&desk.done("adapters"));
    for word in ["vulkan", "gl", "software", "MiB", "CPU reference"] {
        assert!(table.contains(word), "{word} in\n{table}");
    }
    let list: serde_json::Value = serde_json::from_str(&stdout(&desk.done("adapters --json"))).unwrap();
    let list = list.as_array().unwrap();
    let backend = |name: &str| list.iter().find(|adapter| adapter["backend"] == name).unwrap();
    assert!(backend("vulkan")["max_binding_bytes"].is_u64() && backend("gl")["f16"].is_boolean());
    assert_eq!(backend("cpu")["name"], "CPU reference");
}

#[test]
fn help_has_examples_and_completions_are_scripts() {
    let desk = desk();
    for command in ["", "image", "run", "grad", "unpool", "bench", "adapters", "completions"] {
        let help = stdout(&desk.done(&format!("{command} --help")));
        assert!(help.contains("Examples:"), "{command}:\n{help}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(stdout(&desk.done(&format!("completions {shell}"))).contains("kernel-size"), "{shell}");
    }
    assert!(stdout(&desk.done("--version")).starts_with("plunge "));
}
