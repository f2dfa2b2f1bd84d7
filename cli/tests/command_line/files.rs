//! What commands leave on disk: whole files in their place, or nothing.

use crate::{Desk, npy, stderr};

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("spec.json", r#"{"op": "max", "region": {"window": {"kernel_size": 2}}}"#);
    desk.write("x.npy", npy::f32s(&[1, 1, 4], &[1., 2., 3., 4.]));
    desk
}

#[test]
fn nothing_is_left_beside_the_outputs() {
    let desk = desk();
    desk.done("run spec.json x.npy -o y.npy --indices i.npy --backend cpu");
    // And over files that are there already.
    desk.done("run spec.json x.npy -o y.npy --indices i.npy --backend cpu");
    assert_eq!(desk.names(), ["i.npy", "spec.json", "x.npy", "y.npy"]);
}

#[test]
fn no_output_replaces_an_input() {
    let desk = desk();
    let before = ["spec.json", "x.npy"].map(|name| std::fs::read(desk.path(name)).unwrap());
    for line in [
        "run spec.json x.npy -o ./x.npy --backend cpu",
        "run spec.json x.npy -o spec.json --backend cpu",
        "run spec.json x.npy -o y.npy --indices x.npy --backend cpu",
    ] {
        let output = desk.run(line);
        assert_eq!(output.status.code(), Some(2), "plunge {line}");
        assert!(stderr(&output).contains("would replace the input"), "plunge {line}\n{}", stderr(&output));
    }
    assert_eq!(["spec.json", "x.npy"].map(|name| std::fs::read(desk.path(name)).unwrap()), before);
    assert_eq!(desk.names(), ["spec.json", "x.npy"]);
}

#[test]
fn a_refused_command_leaves_the_old_output_as_it_was() {
    let desk = desk();
    desk.write("y.npy", "old");
    desk.write("x.npy", "not an array");
    assert_eq!(desk.run("run spec.json x.npy -o y.npy --backend cpu").status.code(), Some(2));
    assert_eq!(std::fs::read(desk.path("y.npy")).unwrap(), b"old");
    assert_eq!(desk.names(), ["spec.json", "x.npy", "y.npy"]);
}

#[test]
fn paths_that_cannot_be_written_are_exit_2() {
    let desk = desk();
    std::fs::create_dir(desk.path("folder")).unwrap();
    desk.write("locked.npy", "old");
    let mut read_only = std::fs::metadata(desk.path("locked.npy")).unwrap().permissions();
    read_only.set_readonly(true);
    std::fs::set_permissions(desk.path("locked.npy"), read_only).unwrap();
    for (outputs, why) in [
        ("-o nowhere/y.npy", "there is no folder"),
        ("-o x.npy/y.npy", "is not a folder"),
        ("-o folder", "it is a folder"),
        ("-o ..", "names no file"),
        ("-o locked.npy", "read-only"),
        ("-o y.npy --indices nowhere/i.npy", "there is no folder"),
        ("-o y.npy --indices y.npy", "the same file"),
        ("-o y.npy --indices ./folder/../y.npy", "the same file"),
    ] {
        let output = desk.run(&format!("run spec.json x.npy {outputs} --backend cpu"));
        assert_eq!(output.status.code(), Some(2), "{outputs}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{outputs}: {}", stderr(&output));
    }
    assert_eq!(desk.names(), ["folder", "locked.npy", "spec.json", "x.npy"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn outputs_get_the_permissions_of_any_new_file_or_keep_the_old_ones() {
        let desk = desk();
        let mode = |name: &str| std::fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
        desk.done("run spec.json x.npy -o y.npy --backend cpu");
        assert_eq!(mode("y.npy"), mode("x.npy"));
        std::fs::set_permissions(desk.path("y.npy"), std::fs::Permissions::from_mode(0o640)).unwrap();
        desk.done("run spec.json x.npy -o y.npy --backend cpu");
        assert_eq!(mode("y.npy"), 0o640);
    }

    #[test]
    fn links_are_written_through_and_devices_not_replaced() {
        let desk = desk();
        desk.write("real.npy", "old");
        symlink("real.npy", desk.path("link.npy")).unwrap();
        symlink("gone.npy", desk.path("dangling.npy")).unwrap();
        desk.done("run spec.json x.npy -o link.npy --backend cpu");
        assert!(desk.path("link.npy").is_symlink());
        assert_eq!(npy::read_f32s(&std::fs::read(desk.path("real.npy")).unwrap(), &[1, 1, 2]), [2., 4.]);
        for (path, why) in [("/dev/null", "not a regular file"), ("dangling.npy", "a link to nothing")] {
            let output = desk.run(&format!("run spec.json x.npy -o {path} --backend cpu"));
            assert_eq!(output.status.code(), Some(2), "{path}");
            assert!(stderr(&output).contains(why), "{}", stderr(&output));
        }
        let both = desk.run("run spec.json x.npy -o real.npy --indices link.npy --backend cpu");
        assert!(both.status.code() == Some(2) && stderr(&both).contains("the same file"), "{}", stderr(&both));
    }
}
