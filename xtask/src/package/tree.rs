//! The files as they lie on an installed system, the same for every kind of package.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use super::{Made, licences};
use crate::step::{Look, read, run as run_program, which};

/// The desktop's name of the application, as in `tauri.conf.json`.
pub(super) const ID: &str = "io.github.fieldscan";
/// The one program with a capability, where the engine looks for it.
pub(super) const NMAP_PROGRAM: &str = "usr/lib/fieldscan/fieldscan-nmap";
/// The sizes of the icon, in pixels, that desktops ask for.
const ICONS: [u32; 6] = [16, 32, 48, 128, 256, 512];

/// Lays all files out below `root`, anew.
pub(super) fn lay_out(look: &Look, made: &Made, root: &Path) -> anyhow::Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| format!("can't empty {}", root.display()))?;
    }
    for name in made.names() {
        let place = match name {
            "fieldscan-nmap" => NMAP_PROGRAM.to_owned(),
            _ => format!("usr/bin/{name}"),
        };
        let from = made.programs.join(name);
        let to = root.join(place);
        copy(&from, &to, 0o755)?;
        if made.dev {
            run_program(Command::new("strip").arg(&to))?;
        }
    }
    pages(made, root)?;
    completions(made, root)?;
    if made.has_tray {
        desktop(look, made, root)?;
    }
    documents(made, root)?;
    open_folders(root).with_context(|| format!("can't open {}", root.display()))
}

/// Every file and link below a folder, relative to it, in order.
pub(super) fn files(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fn below(folder: &Path, root: &Path, all: &mut Vec<PathBuf>) -> anyhow::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                below(&path, root, all)?;
            } else {
                all.push(path.strip_prefix(root)?.to_owned());
            }
        }
        Ok(())
    }
    let mut all = Vec::new();
    below(root, root, &mut all).with_context(|| format!("can't list {}", root.display()))?;
    all.sort();
    Ok(all)
}

/// Writes a file that everybody may read, and the folders that it lies in.
pub(super) fn write(path: &Path, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let written = fs::create_dir_all(path.parent().unwrap_or(path))
        .and_then(|()| fs::write(path, content))
        .and_then(|()| set_mode(path, 0o644));
    written.with_context(|| format!("can't write {}", path.display()))
}

/// Packs a file as manual pages and change logs are packed, without its time and name.
pub(super) fn pack(path: &Path) -> anyhow::Result<()> {
    run_program(
        Command::new("gzip")
            .args(["-9", "--no-name", "--force"])
            .arg(path),
    )
}

/// A day as `YYYY-MM-DD`.
fn day(made: &Made) -> anyhow::Result<String> {
    let at = format!("@{}", made.changed);
    let day = read(Command::new("date").args(["--utc", "--date", &at, "+%F"]))?;
    Ok(day.trim().to_owned())
}

fn pages(made: &Made, root: &Path) -> anyhow::Result<()> {
    let folder = root.join("usr/share/man/man1");
    read(
        Command::new(made.programs.join("fieldscan"))
            .arg("man")
            .arg(&folder),
    )?;
    if made.has_tray {
        let page = fs::read_to_string("packaging/fieldscan-tray.1")?;
        write(
            &folder.join("fieldscan-tray.1"),
            page.replace("@VERSION@", &made.version),
        )?;
    }
    for page in files(&folder)? {
        let page = folder.join(page);
        set_mode(&page, 0o644)?;
        pack(&page)?;
    }
    Ok(())
}

fn completions(made: &Made, root: &Path) -> anyhow::Result<()> {
    for (shell, place) in [
        ("bash", "usr/share/bash-completion/completions/fieldscan"),
        ("zsh", "usr/share/zsh/vendor-completions/_fieldscan"),
        ("fish", "usr/share/fish/vendor_completions.d/fieldscan.fish"),
    ] {
        let script =
            read(Command::new(made.programs.join("fieldscan")).args(["completions", shell]))?;
        write(&root.join(place), script)?;
    }
    Ok(())
}

/// The entry in the menu, what software centres show, and the icons.
fn desktop(look: &Look, made: &Made, root: &Path) -> anyhow::Result<()> {
    let entry = root.join(format!("usr/share/applications/{ID}.desktop"));
    copy(Path::new(&format!("packaging/{ID}.desktop")), &entry, 0o644)?;
    run_program(Command::new("desktop-file-validate").arg(&entry))?;

    let metainfo = root.join(format!("usr/share/metainfo/{ID}.metainfo.xml"));
    let text = fs::read_to_string(format!("packaging/{ID}.metainfo.xml"))?
        .replace("@VERSION@", &made.version)
        .replace("@DATE@", &day(made)?);
    write(&metainfo, text)?;
    match which("appstreamcli") {
        Some(program) => run_program(
            Command::new(program)
                .args(["validate", "--no-net"])
                .arg(&metainfo),
        )?,
        None => println!(
            "{}",
            look.caution("  metainfo: not validated, appstreamcli is not installed (appstream)")
        ),
    }

    let mut missing = Vec::new();
    let theme = root.join("usr/share/icons/hicolor");
    let mut icon = |from: String, to: PathBuf| -> anyhow::Result<()> {
        if Path::new(&from).is_file() {
            return copy(Path::new(&from), &to, 0o644);
        }
        missing.push(from);
        Ok(())
    };
    for size in ICONS {
        icon(
            format!("icons/{size}x{size}.png"),
            theme.join(format!("{size}x{size}/apps/{ID}.png")),
        )?;
    }
    icon(
        "icons/icon.svg".to_owned(),
        theme.join(format!("scalable/apps/{ID}.svg")),
    )?;
    if !missing.is_empty() {
        bail!("icons are missing: {}", missing.join(", "));
    }
    Ok(())
}

fn documents(made: &Made, root: &Path) -> anyhow::Result<()> {
    let folder = root.join("usr/share/doc/fieldscan");
    copy(
        Path::new("packaging/deb/copyright"),
        &folder.join("copyright"),
        0o644,
    )?;
    let changes = folder.join("changelog");
    copy(Path::new("CHANGELOG.md"), &changes, 0o644)?;
    pack(&changes)?;
    let others = folder.join("third-party.txt");
    write(&others, licences::of(&made.names())?)?;
    pack(&others)?;
    let example = folder.join("examples/settings.yaml");
    copy(
        Path::new("src-tauri/core/settings.example.yaml"),
        &example,
        0o644,
    )
}

fn copy(from: &Path, to: &Path, mode: u32) -> anyhow::Result<()> {
    let copied = fs::create_dir_all(to.parent().unwrap_or(to))
        .and_then(|()| fs::copy(from, to))
        .and_then(|_| set_mode(to, mode));
    copied.with_context(|| format!("can't copy {} to {}", from.display(), to.display()))
}

#[cfg(unix)]
pub(super) fn set_mode(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn set_mode(_path: &Path, _mode: u32) -> std::io::Result<()> {
    Ok(())
}

/// Folders are made with what the caller's umask leaves, which may be too little for everybody, or too much.
fn open_folders(folder: &Path) -> std::io::Result<()> {
    set_mode(folder, 0o755)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            open_folders(&path)?;
        }
    }
    Ok(())
}
