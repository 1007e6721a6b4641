//! Prepares what Tauri builds in: configuration, permissions and the window's pages.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    pages()?;
    tauri_build::build();
    Ok(())
}

/// Without the pages built (`cargo xtask ui`), the window has plain ones.
fn pages() -> io::Result<()> {
    let (plain, dist) = (Path::new("plain"), Path::new("../ui/dist"));
    println!("cargo::rerun-if-changed={}", plain.display());
    println!("cargo::rerun-if-changed={}", dist.display());
    if dist.join("index.html").is_file() && !dist.join("plain.js").is_file() {
        return Ok(());
    }
    fs::create_dir_all(dist)?;
    for page in fs::read_dir(plain)? {
        let page = page?;
        let there = dist.join(page.file_name());
        let text = fs::read(page.path())?;
        // Written only where it differs: a file that is written anew has all of Tauri's macros run again.
        if fs::read(&there).ok().as_ref() != Some(&text) {
            fs::write(there, text)?;
        }
    }
    Ok(())
}
