//! `cargo xtask test`: the whole gate, closed by one line with the numbers.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use anyhow::{Context, bail};

use crate::{
    check, cross,
    demo::debug_folder,
    package, packages,
    step::{Look, cargo, metadata, run as run_program, shown, step},
    ui,
};

/// Where tests note that they were skipped: one line `SKIPPED <name>: <reason>` each.
const SKIPS: &str = "FIELDSCAN_SKIPS";
/// Whether the checks for other systems are part of the gate: `1` or `0`. They take minutes, and a second compiler, so without
/// it they are where nobody waits and that compiler may be installed: in CI.
const CROSS: &str = "FIELDSCAN_CROSS";

/// Installs, checks, builds, tests. Arguments go to `cargo test` (for instance `--package fieldscan-core`).
pub(crate) fn run(look: &Look, args: &[String]) -> anyhow::Result<bool> {
    let mut tally = Tally::default();
    // Without the programs much is skipped or fails, each with its own words: no reason not to run the rest.
    if !step(look, "programs", || packages::install_for_tests(look))? {
        tally.broken.push("programs".to_owned());
    }
    // Before anything compiles the tray application, which carries the pages in itself.
    if ui::is_there() && !step(look, "user interface", ui::build)? {
        tally.broken.push("user interface".to_owned());
    }
    tally.broken.extend(check::failures(look)?);
    let metadata = metadata()?;
    let folder = debug_folder(&metadata)?;
    let built = step(look, "build", || {
        run_program(&mut cargo(&[
            "build",
            "--locked",
            "--package",
            "fieldscan",
            "--package",
            "fieldscan-nmap",
            "--package",
            "fieldscan-tray",
            "--package",
            "fieldscan-tests",
        ]))
    })?;
    if built {
        step(look, "tests", || test(&folder, args, &mut tally))?;
    } else {
        tally.broken.push("build".to_owned());
    }
    if ui::is_there() {
        test_pages(look, "tests of the user interface", ui::tests, &mut tally)?;
    }

    beyond_tests(look, built, args, &mut tally)?;

    for (name, reason) in tally.skips.iter().chain(&tally.left_out) {
        println!("{} {name}: {reason}", look.caution("SKIPPED"));
    }
    if !tally.broken.is_empty() {
        println!("{} {}", look.bad("failed:"), tally.broken.join(", "));
    }
    if tally.ran() == 0 {
        println!("{}", look.bad("no test ran"));
    }
    println!("{}", tally.line());
    Ok(tally.is_well())
}

/// The pages in a browser, the packages, and the checks for other systems. Not for one package's tests.
fn beyond_tests(
    look: &Look,
    built: bool,
    args: &[String],
    tally: &mut Tally,
) -> anyhow::Result<()> {
    if !args.is_empty() {
        return Ok(());
    }
    if ui::is_there() {
        let walks = "walks of the window's pages in Chromium";
        match ui::install_browser(look) {
            Ok(()) => test_pages(look, walks, ui::walks, tally)?,
            Err(error) => tally.take(walks, Err(on_one_line(&format!("{error:#}")))),
        }
    }
    if built {
        let tried = package::test(look)?;
        tally.take("package", tried);
    }
    let ci = std::env::var_os("CI").is_some();
    let asked = asked(std::env::var_os(CROSS).as_deref(), ci);
    if asked {
        cross::prepare(look);
    }
    for system in cross::System::ALL {
        let checked = match asked {
            true => cross::check(look, system)?,
            false => Err(format!("not asked for ({CROSS}=1, or `cargo xtask cross`)")),
        };
        tally.take(&format!("check for {}", system.word()), checked);
    }
    Ok(())
}

/// Whether the checks for other systems are wanted.
fn asked(cross: Option<&OsStr>, ci: bool) -> bool {
    cross.map_or(ci, |word| word != "0")
}

/// Runs the tests with their output live, and counts from the runner's own lines.
fn test(folder: &Path, args: &[String], tally: &mut Tally) -> anyhow::Result<()> {
    let skips = SkipFile::new()?;
    let mut command = cargo(&["test", "--no-fail-fast", "--locked"]);
    // `--workspace` would outweigh a package that was asked for.
    if !args
        .iter()
        .any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
    {
        command.arg("--workspace");
    }
    command
        .args(args)
        .env(SKIPS, &skips.path)
        .env("FIELDSCAN_BIN", folder.join("fieldscan"))
        .env("FIELDSCAN_TRAY_BIN", folder.join("fieldscan-tray"));
    let status = follow(&mut command, |line| tally.read(line))?;
    for line in skips.read()?.lines() {
        tally.read(line);
    }
    if !status.success() {
        if tally.failed == 0 {
            // A test that ends its process leaves no result line, and what doesn't compile runs no test.
            tally
                .broken
                .push("a test program that did not end well".to_owned());
        }
        bail!("cargo test ended with {status}");
    }
    Ok(())
}

/// Tests of the pages, which are no cargo tests: with their output live, counted from their runner's own lines.
fn test_pages(
    look: &Look,
    name: &str,
    tests: impl FnOnce() -> anyhow::Result<Command>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let failed = tally.failed;
    let well = step(look, name, || {
        let mut command = tests()?;
        let status = follow(&mut command, |line| tally.read_pages(line))?;
        if !status.success() {
            bail!("{} ended with {status}", shown(&command));
        }
        Ok(())
    })?;
    if !well && tally.failed == failed {
        tally.broken.push(name.to_owned());
    }
    Ok(())
}

/// Runs a program with its output live, and tells each line of it.
fn follow(command: &mut Command, mut tell: impl FnMut(&str)) -> anyhow::Result<ExitStatus> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("can't start {}", shown(command)))?;
    let output = child.stdout.take().context("it has no output")?;
    let mut screen = std::io::stdout();
    let mut lines = BufReader::new(output);
    let mut line = Vec::new();
    // Bytes, not text: a test may print anything.
    while lines.read_until(b'\n', &mut line)? > 0 {
        screen.write_all(&line)?;
        screen.flush()?;
        tell(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok(child.wait()?)
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The file in which tests note that they were skipped; gone at the end.
struct SkipFile {
    path: PathBuf,
}

impl SkipFile {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("fieldscan-skips-{}", std::process::id()));
        std::fs::write(&path, "").with_context(|| format!("can't write {}", path.display()))?;
        Ok(Self { path })
    }

    fn read(&self) -> anyhow::Result<String> {
        std::fs::read_to_string(&self.path)
            .with_context(|| format!("can't read {}", self.path.display()))
    }
}

impl Drop for SkipFile {
    fn drop(&mut self) {
        // Nothing depends on it: an empty file in the temporary folder.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What the test runner said.
#[derive(Debug, Default)]
struct Tally {
    passed: u64,
    failed: u64,
    /// Tests that the runner itself left out.
    ignored: u64,
    /// Tests that left themselves out, which the runner takes for passed, and why. By name: told twice, counted once.
    skips: BTreeMap<String, String>,
    /// How many of `skips` are among `ignored`.
    ignored_by_name: u64,
    /// Steps beside the tests that failed.
    broken: Vec<String>,
    /// Steps beside the tests that can't be done here, and why.
    left_out: BTreeMap<String, String>,
}

impl Tally {
    /// Takes in one line of output, or of the file of skips.
    fn read(&mut self, line: &str) {
        if let Some(counts) = line.strip_prefix("test result: ") {
            for part in counts.split([';', '.']) {
                self.count(part);
            }
        } else if let Some(skip) = line.strip_prefix("SKIPPED ") {
            if let Some((name, reason)) = skip.split_once(": ") {
                self.skips.insert(name.to_owned(), reason.to_owned());
            }
        } else if let Some(test) = line.strip_prefix("test ")
            && let Some((name, rest)) = test.split_once(" ... ignored")
        {
            let reason = rest.strip_prefix(", ").unwrap_or("no reason given");
            if self
                .skips
                .insert(name.to_owned(), reason.to_owned())
                .is_none()
            {
                self.ignored_by_name += 1;
            }
        }
    }

    /// Takes in one line of what Vitest prints: `Tests  1 failed | 161 passed | 2 skipped (164)` closes each of its runs.
    fn read_pages(&mut self, line: &str) {
        let Some(counts) = line.trim_start().strip_prefix("Tests  ") else {
            return;
        };
        let counts = counts.split_once(" (").map_or(counts, |(counts, _)| counts);
        for part in counts.split('|') {
            self.count(part);
        }
    }

    /// Adds `161 passed`, or another number with its word.
    fn count(&mut self, part: &str) {
        let mut words = part.split_whitespace();
        let number = words.next().and_then(|number| number.parse::<u64>().ok());
        match (number, words.next()) {
            (Some(number), Some("passed")) => self.passed += number,
            (Some(number), Some("failed")) => self.failed += number,
            (Some(number), Some("ignored" | "skipped" | "todo")) => self.ignored += number,
            _ => {}
        }
    }

    /// Takes in how a step beside the tests went: well or not, or not at all.
    fn take(&mut self, step: &str, went: Result<bool, String>) {
        match went {
            Ok(true) => {}
            Ok(false) => self.broken.push(step.to_owned()),
            Err(why) => {
                self.left_out.insert(step.to_owned(), why);
            }
        }
    }

    /// Tests that left themselves out while the runner took them for passed.
    fn skipped_as_passed(&self) -> u64 {
        (self.skips.len() as u64).saturating_sub(self.ignored_by_name)
    }

    /// Tests that really ran.
    fn ran(&self) -> u64 {
        self.passed.saturating_sub(self.skipped_as_passed()) + self.failed
    }

    fn is_well(&self) -> bool {
        self.failed == 0 && self.broken.is_empty() && self.ran() > 0
    }

    /// The closing line. A step beside the tests that failed counts as one failure, one that was left out as one skip.
    fn line(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.passed.saturating_sub(self.skipped_as_passed()),
            self.failed + self.broken.len() as u64,
            self.ignored + self.skipped_as_passed() + self.left_out.len() as u64
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn numbers_of_all_test_programs_are_summed() {
        let tally = tally(&[
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test a::b ... ignored, needs a network",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out; finished in 1.25s",
        ]);
        assert_eq!(
            tally.line(),
            "15 passed, 2 failed, 1 skipped",
            "each program has its own line"
        );
        assert!(!tally.is_well(), "two tests failed");
        assert_eq!(
            tally.skips["a::b"], "needs a network",
            "each skip is told with its reason"
        );
    }

    #[test]
    fn tests_of_the_pages_count_as_the_others_do() {
        let mut tally = tally(&[
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ]);
        for line in [
            " Test Files  1 failed | 7 passed (8)",
            "      Tests  1 failed | 161 passed | 2 skipped (164)",
            "   Duration  337.26s (transform 346ms, setup 0ms, tests 327.83s)",
            "      Tests  200 passed (200)",
        ] {
            tally.read_pages(line);
        }
        assert_eq!(
            tally.line(),
            "364 passed, 1 failed, 2 skipped",
            "tests are counted, and not their files"
        );
    }

    #[test]
    fn a_test_that_skips_itself_is_not_counted_as_passed() {
        let tally = tally(&[
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "SKIPPED scans_the_tap_network: no user namespaces here",
            "SKIPPED scans_the_tap_network: no user namespaces here",
        ]);
        assert_eq!(
            tally.line(),
            "2 passed, 0 failed, 1 skipped",
            "the runner took it for passed, and it was told twice"
        );
    }

    #[test]
    fn a_step_that_was_left_out_is_a_skip_and_takes_no_test_away() {
        let mut tally = tally(&[
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ]);
        tally.take("check for windows", Err("no compiler".to_owned()));
        tally.take("package", Ok(true));
        assert_eq!(tally.line(), "3 passed, 0 failed, 1 skipped", "{tally:?}");
        tally.take("package", Ok(false));
        assert!(!tally.is_well(), "a failed step is a failure");
    }

    #[test]
    fn other_systems_are_checked_for_in_ci_unless_somebody_says_otherwise() {
        assert!(asked(None, true), "nobody waits there");
        assert!(!asked(None, false), "minutes, at every desk");
        assert!(asked(Some("1".as_ref()), false), "it was asked for");
        assert!(!asked(Some("0".as_ref()), true), "it was refused");
    }

    #[test]
    fn a_run_without_tests_is_no_success() {
        assert!(!tally(&[]).is_well(), "nothing was shown");
        let only_skips = tally(&[
            "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "SKIPPED x: y",
        ]);
        assert!(!only_skips.is_well(), "only a skipped test is no test");
    }

    #[test]
    fn a_failed_check_is_a_failure_in_the_closing_line() {
        let mut tally = tally(&[
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ]);
        tally.broken.push("lints".to_owned());
        assert_eq!(
            tally.line(),
            "3 passed, 1 failed, 0 skipped",
            "the line must not say that all is well"
        );
        assert!(!tally.is_well(), "and neither must the exit code");
    }
}
