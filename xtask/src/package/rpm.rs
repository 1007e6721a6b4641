//! The package for Fedora, openSUSE and the like, of the same files.

use std::{fs, path::Path, process::Command};

use anyhow::ensure;

use super::{
    Made,
    deb::DESCRIPTION,
    tree::{self, NMAP_PROGRAM},
};
use crate::step::{read, run as run_program};

/// Makes the package of the files below `tree`.
pub(super) fn make(made: &Made, tree: &Path) -> anyhow::Result<()> {
    let tree = fs::canonicalize(tree)?;
    let work = made.folder.join("rpm");
    let spec = work.join("fieldscan.spec");
    let files: String = tree::files(&tree)?
        .iter()
        .filter(|file| !is_debian_s(file))
        .map(|file| line(file))
        .collect();
    let text = fs::read_to_string("packaging/rpm/fieldscan.spec")?
        .replace("@VERSION@", &made.version)
        .replace("@DESCRIPTION@", DESCRIPTION)
        .replace("@TREE@", &tree.display().to_string())
        .replace("@FILES@", files.trim_end());
    tree::write(&spec, text)?;
    let define = |name: &str, value: &Path| format!("{name} {}", value.display());
    run_program(
        Command::new("rpmbuild")
            .args(["-bb", "--quiet"])
            .args(["--define", &define("_topdir", &fs::canonicalize(&work)?)])
            .args([
                "--define",
                &define("_rpmdir", &fs::canonicalize(&made.folder)?),
            ])
            .args([
                "--define",
                "_rpmfilename %{name}-%{version}-%{release}.%{arch}.rpm",
            ])
            .arg(&spec)
            .env("SOURCE_DATE_EPOCH", made.changed.to_string()),
    )?;
    let package = made
        .folder
        .join(format!("fieldscan-{}-1.{}.rpm", made.version, arch()));
    println!("  {}", package.display());
    look_into(&package)
}

/// What rpm calls this machine's kind.
fn arch() -> &'static str {
    std::env::consts::ARCH
}

/// What only Debian's package has.
fn is_debian_s(file: &Path) -> bool {
    file.ends_with("changelog.Debian.gz")
}

/// The lines for a file in the list of files.
fn line(file: &Path) -> String {
    // zsh looks elsewhere than on Debian.
    let at = format!("/{}", file.display()).replace("zsh/vendor-completions", "zsh/site-functions");
    if file == Path::new(NMAP_PROGRAM) {
        return format!(
            "%dir %attr(0755, root, root) /usr/lib/fieldscan\n\
             %attr(0755, root, root) %caps(cap_net_raw=ep) {at}\n"
        );
    }
    let mode = if file.starts_with("usr/bin") {
        "0755"
    } else {
        "0644"
    };
    let kind = if file.ends_with("copyright") {
        "%license "
    } else if file.starts_with("usr/share/doc") {
        "%doc "
    } else {
        ""
    };
    format!("{kind}%attr({mode}, root, root) {at}\n")
}

/// Reads the package back: what counts is what rpm will give to whoever installs it.
fn look_into(package: &Path) -> anyhow::Result<()> {
    let listed = read(
        Command::new("rpm")
            .args(["-qp", "--queryformat", "[%{FILENAMES} %{FILECAPS}\\n]"])
            .arg(package),
    )?;
    let has_capability = listed
        .lines()
        .any(|line| line.starts_with(&format!("/{NMAP_PROGRAM} ")) && line.contains("cap_net_raw"));
    ensure!(
        has_capability,
        "fieldscan-nmap has no capability in it: {listed}"
    );
    let others = listed.lines().filter(|line| line.contains("cap_")).count();
    ensure!(others == 1, "another file has a capability in it: {listed}");
    let needs = read(Command::new("rpm").args(["-qp", "--requires"]).arg(package))?;
    ensure!(
        needs.lines().any(|line| line == "nmap"),
        "it doesn't ask for nmap: {needs}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_the_capability_and_only_programs_can_be_run() {
        assert!(line(Path::new(NMAP_PROGRAM)).contains("%caps(cap_net_raw=ep)"));
        let program = line(Path::new("usr/bin/fieldscan"));
        assert!(
            program.contains("0755") && !program.contains("caps"),
            "{program}"
        );
        let page = line(Path::new("usr/share/man/man1/fieldscan.1.gz"));
        assert!(page.contains("0644"), "{page}");
    }
}
