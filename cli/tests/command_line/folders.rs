//! `plunge image` of several pictures: by their names, of folders, all or none.

use image::{DynamicImage, ImageFormat};

use crate::{Desk, names, stderr, stdout};

fn noise(seed: u32, count: u32) -> Vec<u8> {
    (0..count).map(|at| u8::try_from(((at + seed * 7919).wrapping_mul(2_654_435_761) >> 11) % 256).unwrap()).collect()
}

/// A folder `in` of pictures of many sizes, depths and formats, and files that are none.
fn desk() -> (Desk, Vec<&'static str>) {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("in/deeper")).unwrap();
    let rgb = |seed, width, height| -> DynamicImage {
        image::RgbImage::from_raw(width, height, noise(seed, width * height * 3)).unwrap().into()
    };
    let rgba = |seed, width, height| -> DynamicImage {
        image::RgbaImage::from_raw(width, height, noise(seed, width * height * 4)).unwrap().into()
    };
    let pictures: Vec<(&str, DynamicImage)> = vec![
        ("a.png", rgb(1, 40, 30)),
        ("b.png", rgba(2, 33, 21)),
        ("c.JPG", rgb(3, 64, 48)),
        ("d.webp", rgba(4, 40, 30)),
        ("e.bmp", rgb(5, 7, 60)),
        ("f.png", DynamicImage::ImageRgb16(rgb(6, 20, 20).into_rgb16())),
        ("g.png", rgb(7, 40, 30).into_luma8().into()),
        ("h.png", rgba(8, 16, 16).into_luma_alpha8().into()),
    ];
    for (name, picture) in &pictures {
        let format = ImageFormat::from_path(name.to_lowercase()).unwrap();
        picture.save_with_format(desk.path("in").join(name), format).unwrap();
    }
    for other in ["notes.txt", ".hidden.png", "deeper/z.png"] {
        desk.write(&format!("in/{other}"), "no picture");
    }
    (desk, pictures.into_iter().map(|(name, _)| name).collect())
}

#[test]
fn a_folder_becomes_what_its_pictures_become_one_by_one() {
    let (desk, pictures) = desk();
    std::fs::create_dir(desk.path("single")).unwrap();
    for flags in ["--op max --kernel-size 3 --stride 2 --padding 1", "--op average --output-size 5x6"] {
        for backend in ["cpu", "vulkan", "gl"] {
            desk.done(&format!("image in -o out {flags} --backend {backend}"));
            assert_eq!(names(&desk.path("out")), pictures);
            for name in &pictures {
                desk.done(&format!("image in/{name} -o single/{name} {flags} --backend {backend}"));
                let [whole, single] = ["out", "single"].map(|folder| std::fs::read(desk.path(folder).join(name)).unwrap());
                assert!(whole == single, "{name} {flags} {backend}");
            }
        }
    }
}

#[test]
fn files_and_folders_go_together_and_json_lists_them_in_order() {
    let (desk, _) = desk();
    desk.write("plain", std::fs::read(desk.path("in/a.png")).unwrap());
    std::fs::create_dir(desk.path("more")).unwrap();
    desk.write("more/x.png", std::fs::read(desk.path("in/b.png")).unwrap());
    let said = desk.done("image in/g.png plain more in/c.JPG -o out --op min --kernel-size 2 --backend vulkan --json");
    assert_eq!(names(&desk.path("out")), ["c.JPG", "g.png", "plain.png", "x.png"]);
    let list: serde_json::Value = serde_json::from_str(&stdout(&said)).unwrap();
    let told: Vec<(&str, &str)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["input"].as_str().unwrap(), entry["output"].as_str().unwrap()))
        .collect();
    let expected =
        [("in/g.png", "out/g.png"), ("plain", "out/plain.png"), ("more/x.png", "out/x.png"), ("in/c.JPG", "out/c.JPG")];
    assert_eq!(told, expected);
    assert_eq!(list[1]["output_shape"], serde_json::json!([1, 3, 15, 20]));
    assert!(list[0]["kernel"].is_string() && list[3]["milliseconds"].is_number());
    // One picture into a folder that is there is a list of one.
    let said = desk.done("image plain -o out --op min --kernel-size 2 --backend cpu --json");
    let list: serde_json::Value = serde_json::from_str(&stdout(&said)).unwrap();
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

#[test]
fn all_pictures_appear_or_none() {
    let (desk, _) = desk();
    let good = std::fs::read(desk.path("in/a.png")).unwrap();
    // Its header is right, its end is missing: only decoding shows it.
    desk.write("in/late.png", &good[..good.len() * 2 / 3]);
    for backend in ["cpu", "vulkan"] {
        let output = desk.run(&format!("image in -o out --op max --kernel-size 2 --backend {backend}"));
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("in/late.png: malformed picture"), "{}", stderr(&output));
        assert!(!desk.path("out").exists());
    }
    // A folder that was there stays as it was.
    std::fs::create_dir(desk.path("out")).unwrap();
    desk.write("out/a.png", "old");
    assert_eq!(desk.run("image in -o out --op max --kernel-size 2 --backend cpu").status.code(), Some(2));
    assert_eq!(
        (names(&desk.path("out")), std::fs::read(desk.path("out/a.png")).unwrap()),
        (vec!["a.png".into()], b"old".to_vec())
    );
}

#[test]
fn what_cannot_all_be_done_is_refused_before_work() {
    let (desk, _) = desk();
    for folder in ["empty", "twin", "there", "there/b.png"] {
        std::fs::create_dir(desk.path(folder)).unwrap();
    }
    let copy = |to: &str| desk.write(to, std::fs::read(desk.path("in/a.png")).unwrap());
    copy("twin/a.png");
    copy("twin/a");
    desk.write("text.png", "just some text");
    let before = desk.names();
    let flags = "--op max --kernel-size 2 --backend cpu";
    for (line, named) in [
        ("image in twin -o out", "in/a.png and twin/a.png would both become out/a.png"),
        ("image twin/a twin/a.png -o out", "twin/a and twin/a.png would both become out/a.png"),
        ("image in/a.png in/a.png -o out", "in/a.png and in/a.png would both become out/a.png"),
        ("image in empty -o out", "no pictures in empty"),
        ("image in/a.png absent.png -o out", "cannot read absent.png"),
        ("image in/a.png text.png -o out", "text.png: not a picture"),
        ("image in -o in", "in/a.png would replace the input in/a.png"),
        ("image in -o nowhere/out", "cannot make the folder nowhere/out"),
        ("image in -o text.png", "it names a picture, and several want a folder"),
        ("image in -o in/notes.txt", "cannot make the folder in/notes.txt"),
        ("image in -o there", "cannot write there/b.png: it is a folder"),
        ("image in -o out --segments in/a.png", "in/b.png: invalid --segments in/a.png: 30 x 40 pixels"),
        ("image in/a.png in/e.bmp -o out --kernel-size 8", "in/e.bmp: invalid kernel_size"),
        ("image in/a.png in/d.webp -o out --output-size 1x20000", "in/d.webp: WebP holds at most 16384 pixels a side"),
    ] {
        let flags = if line.contains("size") { "--op max --backend cpu" } else { flags };
        let flags = if line.contains("--segments") { "--op max --backend cpu" } else { flags };
        let output = desk.run(&format!("{line} {flags}"));
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
        assert!(stderr(&output).contains(named), "{line}: {}", stderr(&output));
        assert_eq!(desk.names(), before, "{line}");
        assert_eq!(names(&desk.path("there")), ["b.png"], "{line}");
    }
}

#[test]
fn pictures_of_one_size_share_their_segments() {
    let (desk, _) = desk();
    desk.done("image in/a.png in/d.webp in/g.png -o out --op max --segments in/g.png --backend vulkan");
    for name in ["a.png", "d.webp", "g.png"] {
        desk.done(&format!("image in/{name} -o one.png --op max --segments in/g.png --backend cpu"));
        let open = |path: &str| image::open(desk.path(path)).unwrap();
        assert_eq!(open(&format!("out/{name}")), open("one.png"), "{name}");
    }
}
