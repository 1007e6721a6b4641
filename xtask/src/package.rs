//! `cargo xtask package`: the .deb and the .rpm, and a trial of the .deb in a root that is thrown away.
//!
//! The bundles for Windows and macOS are made by Tauri's own tool there (`src-tauri/tauri.bundle.conf.json`).

mod deb;
mod licences;
mod rpm;
mod tree;
mod trial;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};

use crate::{
    packages,
    step::{Look, cargo, metadata, read, run as run_program, step, which},
    ui,
};

/// Bytes that `fieldscan` may have in a release: it is copied onto small machines, over slow links.
const LARGEST: u64 = 15_000_000;

/// What is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Wanted {
    /// Programs without optimisation, as the tests build them.
    dev: bool,
    deb: bool,
    rpm: bool,
    trial: bool,
}

impl Wanted {
    fn of(args: &[String]) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        for arg in args {
            match arg.as_str() {
                "--dev" => wanted.dev = true,
                "deb" => wanted.deb = true,
                "rpm" => wanted.rpm = true,
                "try" => wanted.trial = true,
                _ => bail!("`package` takes `deb`, `rpm`, `try`, and `--dev`; not `{arg}`"),
            }
        }
        if !(wanted.deb || wanted.rpm || wanted.trial) {
            (wanted.deb, wanted.rpm) = (true, true);
        }
        // What is tried has to be of these sources.
        wanted.deb |= wanted.trial;
        Ok(wanted)
    }
}

/// Builds the programs, lays the files out, and makes and checks the packages.
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    let wanted = Wanted::of(args)?;
    if !cfg!(target_os = "linux") {
        bail!(
            "these packages are made on Linux; here: npx @tauri-apps/cli@2.12.3 build --config src-tauri/tauri.bundle.conf.json"
        );
    }
    let needed = packages::packaging(wanted.rpm);
    if !step(look, "programs", || packages::install(look, &needed))? {
        return Ok(false);
    }
    let metadata = metadata()?;
    let made = Made::of(&metadata, wanted.dev)?;
    if made.has_tray && ui::is_there() && !step(look, "user interface", ui::build)? {
        return Ok(false);
    }
    if !step(look, "build", || made.build())? {
        return Ok(false);
    }
    if !made.dev && !step(look, "size", || made.check_size())? {
        return Ok(false);
    }
    let tree = made.tree();
    if !step(look, "files", || tree::lay_out(look, &made, &tree))? {
        return Ok(false);
    }
    let mut well = true;
    if wanted.deb {
        let deb = deb::path(&made)?;
        let ready = step(look, "deb", || deb::make(look, &made, &tree, &deb))?;
        if ready && wanted.trial {
            well &= step(look, "install, run and remove", || {
                trial::run(look, &made, &deb)
            })?;
        }
        well &= ready;
    }
    if wanted.rpm {
        well &= step(look, "rpm", || rpm::make(&made, &tree))?;
    }
    Ok(well)
}

/// Makes a package of the programs that the tests have built, and tries it; or says why that can't be done here.
pub(crate) fn test(look: &Look) -> anyhow::Result<Result<bool, String>> {
    if !cfg!(target_os = "linux") || which("dpkg-deb").is_none() {
        return Ok(Err("this system has no dpkg".to_owned()));
    }
    if let Err(why) = trial::possible() {
        return Ok(Err(why));
    }
    run(look, &["--dev".to_owned(), "try".to_owned()]).map(Ok)
}

/// The programs and what is told of them.
#[derive(Debug)]
struct Made {
    version: String,
    /// Where packages and what they are made of are put.
    folder: PathBuf,
    /// Where cargo puts the programs.
    programs: PathBuf,
    dev: bool,
    /// The desktop application is part of the workspace.
    has_tray: bool,
    /// When the sources were last changed, in seconds: what files in packages bear as their time.
    changed: u64,
}

impl Made {
    fn of(metadata: &serde_json::Value, dev: bool) -> anyhow::Result<Self> {
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let version_of = |name: &str| {
            packages
                .clone()
                .find(|package| package["name"] == name)
                .and_then(|package| package["version"].as_str())
        };
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target folder")?;
        let target = Path::new(target);
        Ok(Self {
            version: version_of("fieldscan")
                .context("there is no package fieldscan")?
                .to_owned(),
            folder: target.join("package"),
            programs: target.join(if dev { "debug" } else { "release" }),
            dev,
            has_tray: version_of("fieldscan-tray").is_some(),
            changed: changed()?,
        })
    }

    /// The files as they lie on an installed system. It is where Debian's tools look for it in a source package.
    fn tree(&self) -> PathBuf {
        self.source().join("debian/fieldscan")
    }

    /// What is a source package to Debian's tools.
    fn source(&self) -> PathBuf {
        self.folder.join("source")
    }

    /// The programs, by the packages that make them.
    fn names(&self) -> Vec<&'static str> {
        let mut names = vec!["fieldscan", "fieldscan-nmap"];
        names.extend(self.has_tray.then_some("fieldscan-tray"));
        names
    }

    fn build(&self) -> anyhow::Result<()> {
        let mut command = cargo(&["build", "--locked"]);
        if !self.dev {
            command.arg("--release");
        }
        for name in self.names() {
            command.args(["--package", name]);
        }
        run_program(&mut command)
    }

    fn check_size(&self) -> anyhow::Result<()> {
        let program = self.programs.join("fieldscan");
        let size = std::fs::metadata(&program)
            .with_context(|| format!("can't look at {}", program.display()))?
            .len();
        ensure!(
            size < LARGEST,
            "fieldscan has {size} bytes, and must have fewer than {LARGEST}"
        );
        println!("fieldscan has {size} bytes");
        Ok(())
    }
}

/// `SOURCE_DATE_EPOCH`, or the last commit's time, or now where there are no commits.
fn changed() -> anyhow::Result<u64> {
    if let Some(given) = std::env::var_os("SOURCE_DATE_EPOCH") {
        return given
            .to_str()
            .and_then(|text| text.parse().ok())
            .context("SOURCE_DATE_EPOCH is no number of seconds");
    }
    if Path::new(".git").exists() {
        let time = read(Command::new("git").args(["log", "-1", "--format=%ct"]))?;
        return time.trim().parse().context("git tells no time");
    }
    Ok(std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)?
        .as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(args: &[&str]) -> anyhow::Result<Wanted> {
        Wanted::of(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_tried_is_made_before() {
        let both = wanted(&[]).unwrap();
        assert!(both.deb && both.rpm && !both.trial, "{both:?}");
        let tried = wanted(&["try", "--dev"]).unwrap();
        assert!(
            tried.deb && !tried.rpm,
            "an old package says nothing of these sources: {tried:?}"
        );
        assert!(wanted(&["msi"]).is_err(), "it isn't made here");
    }
}
