//! `cargo xtask icons`: the sizes and forms of the icons, made from the drawings in `icons/`.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use resvg::{tiny_skia, usvg};

use crate::step::{Look, step};

const FOLDER: &str = "icons";

/// The states of the tray, as the drawings are called.
const STATES: [&str; 5] = ["idle", "scanning", "waiting", "attention", "paused"];

/// Sizes of the tray's icon, and the drawing for each: one is made for 16 pixels, the other for 22.
const TRAY: [(u32, &str); 5] = [(16, ""), (22, "-22"), (32, ""), (44, "-22"), (64, "")];

/// Sizes of the application's icon.
const APP: [u32; 6] = [16, 32, 48, 128, 256, 512];

/// `cargo xtask icons`, or with `--check`: fails where one is not as it would be made.
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    match args {
        [] => step(look, "icons", || {
            for (name, bytes) in all()? {
                let path = Path::new(FOLDER).join(name);
                fs::write(&path, bytes).with_context(|| path.display().to_string())?;
            }
            Ok(())
        }),
        [check] if check == "--check" => step(look, "icons", self::check),
        _ => bail!("`icons` takes nothing, or `--check`"),
    }
}

/// Fails where an icon is not as it would be made.
pub(crate) fn check() -> anyhow::Result<()> {
    let other: Vec<String> = all()?
        .into_iter()
        .filter(|(name, bytes)| fs::read(Path::new(FOLDER).join(name)).ok().as_ref() != Some(bytes))
        .map(|(name, _)| name)
        .collect();
    if !other.is_empty() {
        bail!(
            "not as their drawings have them: {}; run `cargo xtask icons`",
            other.join(", ")
        );
    }
    Ok(())
}

/// Every file that is made, with its name.
fn all() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for state in STATES {
        for (size, drawing) in TRAY {
            let png = png(&format!("tray-{state}{drawing}.svg"), size)?;
            files.push((format!("tray-{state}-{size}.png"), png));
        }
    }
    let mut app = Vec::new();
    for size in APP {
        let png = png("icon.svg", size)?;
        files.push((format!("{size}x{size}.png"), png.clone()));
        app.push((size, png));
    }
    files.push(("icon.ico".to_owned(), ico(&app)?));
    files.push(("icon.icns".to_owned(), icns(&app)?));
    Ok(files)
}

fn png(drawing: &str, size: u32) -> anyhow::Result<Vec<u8>> {
    let path = Path::new(FOLDER).join(drawing);
    let text = fs::read(&path).with_context(|| path.display().to_string())?;
    let tree = usvg::Tree::from_data(&text, &usvg::Options::default())
        .with_context(|| path.display().to_string())?;
    let mut picture = tiny_skia::Pixmap::new(size, size).context("no picture of that size")?;
    let scale = size as f32 / tree.size().width();
    resvg::render(
        &tree,
        tiny_skia::Transform::from_scale(scale, scale),
        &mut picture.as_mut(),
    );
    Ok(picture.encode_png()?)
}

/// A Windows icon: a directory of PNGs.
fn ico(pictures: &[(u32, Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
    let pictures: Vec<_> = pictures.iter().filter(|(size, _)| *size <= 256).collect();
    let mut file = Vec::new();
    for word in [0, 1, u16::try_from(pictures.len())?] {
        file.extend(word.to_le_bytes());
    }
    let mut at = 6 + 16 * pictures.len();
    for (size, png) in &pictures {
        // 256 is written as 0.
        let side = u8::try_from(*size % 256)?;
        file.extend([side, side, 0, 0, 1, 0, 32, 0]);
        file.extend(u32::try_from(png.len())?.to_le_bytes());
        file.extend(u32::try_from(at)?.to_le_bytes());
        at += png.len();
    }
    for (_, png) in pictures {
        file.extend(png);
    }
    Ok(file)
}

/// A macOS icon: chunks of PNGs, each with a code for its size.
fn icns(pictures: &[(u32, Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
    let mut chunks = Vec::new();
    for (size, png) in pictures {
        let code = match size {
            128 => b"ic07",
            256 => b"ic08",
            512 => b"ic09",
            _ => continue,
        };
        chunks.extend(code);
        chunks.extend(u32::try_from(png.len() + 8)?.to_be_bytes());
        chunks.extend(png);
    }
    let mut file = b"icns".to_vec();
    file.extend(u32::try_from(chunks.len() + 8)?.to_be_bytes());
    file.extend(chunks);
    Ok(file)
}
