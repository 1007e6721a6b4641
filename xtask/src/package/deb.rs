//! The package for Debian and Ubuntu, by Debian's own tools.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use super::{Made, tree};
use crate::step::{Look, read, run as run_program, which};

/// Whom to ask about the packages.
pub(super) const MAINTAINER: &str = "The Fieldscan authors <fieldscan@users.noreply.github.com>";

/// What a package says of itself in one line; the lines after it are [`tree`]'s business in other words.
pub(super) const SUMMARY: &str = "scan agent for phpIPAM";

/// What a package says of itself.
pub(super) const DESCRIPTION: &str = "\
Fieldscan asks phpIPAM which subnets are assigned to it, scans them with
nmap, says where phpIPAM is wrong, and delivers reports to the scan server
through an outbox that survives crashes and days offline.

Scans have raw sockets without root: one small program, fieldscan-nmap, is
given the one capability that this takes, and starts nmap for private
networks only.";

/// Lintian's tags that are left standing, each with its reason.
const LINTIAN_SUPPRESSED: [(&str, &str); 1] = [(
    "initial-upload-closes-no-bugs",
    "the package is not uploaded to Debian",
)];

/// The package's file.
pub(super) fn path(made: &Made) -> anyhow::Result<PathBuf> {
    Ok(made.folder.join(format!(
        "fieldscan_{}_{}.deb",
        version(made),
        architecture()?
    )))
}

/// Makes the package of the files below `tree`, and has it checked.
pub(super) fn make(look: &Look, made: &Made, tree: &Path, deb: &Path) -> anyhow::Result<()> {
    change_log(made, tree)?;
    let control = tree.join("DEBIAN");
    // It is also by this folder that Debian's tools know what is a package's.
    fs::create_dir_all(&control)?;
    let depends = depends(made, tree)?;
    tree::write(&control.join("control"), describe(made, tree, &depends)?)?;
    tree::write(&control.join("md5sums"), sums(tree)?)?;
    for script in ["preinst", "postinst", "postrm"] {
        let to = control.join(script);
        tree::write(&to, fs::read(Path::new("packaging/deb").join(script))?)?;
        tree::set_mode(&to, 0o755)?;
    }
    let mut build = Command::new("dpkg-deb");
    if made.dev {
        // It is tried and thrown away.
        build.args(["-Zgzip", "-z1"]);
    }
    let built = run_program(
        build
            .args(["--root-owner-group", "--build"])
            .args([tree, deb])
            .env("SOURCE_DATE_EPOCH", made.changed.to_string()),
    );
    // The other package has no such folder.
    fs::remove_dir_all(&control)?;
    built?;
    println!("  {}", deb.display());
    check(look, made, deb)
}

/// Upstream's version and the packaging's.
fn version(made: &Made) -> String {
    format!("{}-1", made.version)
}

fn architecture() -> anyhow::Result<String> {
    let name = read(Command::new("dpkg").arg("--print-architecture"))?;
    Ok(name.trim().to_owned())
}

/// The history of the packaging, in Debian's form. What changed in the programs is in `changelog.gz`.
fn change_log(made: &Made, tree: &Path) -> anyhow::Result<()> {
    let at = format!("@{}", made.changed);
    let date = read(Command::new("date").args(["--utc", "--rfc-email", "--date", &at]))?;
    let path = tree.join("usr/share/doc/fieldscan/changelog.Debian");
    tree::write(
        &path,
        format!(
            "fieldscan ({}) unstable; urgency=medium\n\n  * New version; see changelog.gz.\n\n -- {MAINTAINER}  {date}",
            version(made)
        ),
    )?;
    tree::pack(&path)
}

/// The packages that the programs are linked against, and those that they start.
fn depends(made: &Made, tree: &Path) -> anyhow::Result<String> {
    let source = made.source();
    tree::write(
        &source.join("debian/control"),
        "Source: fieldscan\n\nPackage: fieldscan\nArchitecture: any\n",
    )?;
    let mut command = Command::new("dpkg-shlibdeps");
    command.current_dir(&source).arg("-O");
    for name in made.names() {
        let place = match name {
            "fieldscan-nmap" => tree::NMAP_PROGRAM.to_owned(),
            _ => format!("usr/bin/{name}"),
        };
        command.arg(fs::canonicalize(tree.join(place))?);
    }
    let text = read(&mut command)?;
    let linked = text
        .trim()
        .strip_prefix("shlibs:Depends=")
        .context("dpkg-shlibdeps names no packages")?;
    // setcap is for the package's own script.
    Ok(format!("{linked}, nmap, libcap2-bin"))
}

fn describe(made: &Made, tree: &Path, depends: &str) -> anyhow::Result<String> {
    let mut bytes = 0;
    for file in tree::files(tree)? {
        bytes += tree.join(file).symlink_metadata()?.len();
    }
    let long: String = DESCRIPTION
        .lines()
        .map(|line| match line {
            "" => " .\n".to_owned(),
            line => format!(" {line}\n"),
        })
        .collect();
    Ok(format!(
        "Package: fieldscan\nVersion: {}\nArchitecture: {}\nMaintainer: {MAINTAINER}\nInstalled-Size: {}\n\
         Depends: {depends}\nRecommends: ca-certificates, gnome-keyring | kwalletmanager | keepassxc\n\
         Section: net\nPriority: optional\nDescription: {SUMMARY}\n{long}",
        version(made),
        architecture()?,
        bytes.div_ceil(1024),
    ))
}

/// The sums by which `dpkg --verify` sees what was changed.
fn sums(tree: &Path) -> anyhow::Result<String> {
    let files = tree::files(tree)?;
    let files = files.iter().filter(|file| !file.starts_with("DEBIAN"));
    read(Command::new("md5sum").args(files).current_dir(tree))
}

/// Has Debian's own checker look at it, where that is installed.
fn check(look: &Look, made: &Made, deb: &Path) -> anyhow::Result<()> {
    let Some(lintian) = which("lintian") else {
        println!(
            "{}",
            look.caution("  lintian: left out, it is not installed")
        );
        return Ok(());
    };
    let tags: Vec<&str> = LINTIAN_SUPPRESSED.iter().map(|(tag, _)| *tag).collect();
    let mut command = Command::new(lintian);
    command
        .args(["--profile", "debian", "--fail-on", "error,warning"])
        .arg("--suppress-tags")
        .arg(tags.join(","))
        .arg(deb)
        .stdin(Stdio::null());
    // Root is warned of its own power; what is checked is not run.
    command.arg("--allow-root");
    let ended = command.status().context("can't start lintian")?;
    match ended.success() {
        true => Ok(()),
        // Programs for tests are not optimised, and Debian's checker may mind.
        false if made.dev => {
            println!(
                "{}",
                look.caution("  lintian: told only, of programs for tests")
            );
            Ok(())
        }
        false => bail!("lintian has found something"),
    }
}
