//! Running the real `fieldscan` on a site: with its settings, its folder, and an environment without anything else.

use std::{
    io::{BufRead as _, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{Site, wait_until};
use crate::phpipam::Model;

/// Names the program; otherwise it is built beside the running test.
const PROGRAM: &str = "FIELDSCAN_BIN";
/// What an agent on a terminal may look at, and what finds other programs.
const PASSED_ON: [&str; 6] = ["PATH", "TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "TZ"];

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
    /// How long it ran.
    pub took: Duration,
}

impl Ended {
    /// The one document that `--json` prints.
    ///
    /// # Errors
    /// When standard output is anything else.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.stdout)
            .with_context(|| format!("no JSON document: {:?}", self.stdout))
    }

    /// Everything that a person sees.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The `fieldscan` to test: the one that `FIELDSCAN_BIN` names, or the one of the present sources.
///
/// # Errors
/// When it can't be built.
pub fn built_program() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built =
        BUILT.get_or_init(|| built("fieldscan", PROGRAM).map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

/// The program of a package of the same name: the one that `variable` names, or the one of the present sources.
pub(crate) fn built(name: &str, variable: &str) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(PathBuf::from(path));
    }
    // target/debug/deps/test-1234 or target/debug/fieldscan-demo
    let executable = std::env::current_exe()?;
    let folder = executable
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"))
        .context("this program is in no folder")?;
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    // A test of another package's program has to build it: cargo does that for its own package only.
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut command = Command::new(cargo);
        command
            .args(["build", "--quiet", "--package", name])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if folder.ends_with("release") {
            command.arg("--release");
        }
        let output = command.stdin(Stdio::null()).output()?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{name} can't be built: {words}");
    }
    ensure!(
        program.is_file(),
        "there is no {}; build it, or name one in {variable}",
        program.display()
    );
    Ok(program)
}

impl Site {
    /// `fieldscan` with this site's settings and data folder. Arguments may be added.
    ///
    /// # Errors
    /// When the program can't be built.
    pub fn fieldscan(&self) -> Result<Command> {
        let mut command = Command::new(built_program()?);
        let home = self.folder().join("home");
        command.env_clear().current_dir(&home).env("HOME", &home);
        for name in PASSED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("FIELDSCAN_CLIENT_TOKEN", Model::EXAMPLE_TOKEN)
            .env("FIELDSCAN_AUTH_TOKEN", Site::AUTH_TOKEN)
            // The machine on which the tests run may be a laptop on battery.
            .env(
                "DBUS_SYSTEM_BUS_ADDRESS",
                format!("unix:path={}", home.join("no-system-bus").display()),
            )
            .arg("--config")
            .arg(self.settings_file())
            .arg("--data-dir")
            .arg(self.data_folder());
        Ok(command)
    }

    /// Runs `fieldscan` to its end.
    ///
    /// # Errors
    /// When it can't be started, or hasn't ended after `bound`; it is then killed.
    pub fn run(&self, bound: Duration, arguments: &[&str]) -> Result<Ended> {
        let mut command = self.fieldscan()?;
        command.args(arguments);
        run_to_end(command, b"", bound)
    }

    /// Starts `fieldscan watch` with whatever `change` adds to it.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn watch(&self, change: impl FnOnce(&mut Command)) -> Result<Watch> {
        let mut command = self.fieldscan()?;
        command.arg("watch");
        change(&mut command);
        Watch::start(command)
    }
}

/// Runs a program to its end, with `input` as its standard input.
///
/// # Errors
/// When it can't be started, or hasn't ended after `bound`; it is then killed.
pub fn run_to_end(mut command: Command, input: &[u8], bound: Duration) -> Result<Ended> {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("can't start {command:?}"))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    if let Some(mut stdin) = child.stdin.take() {
        // Short enough for the pipe; who doesn't read it doesn't miss it.
        let _ = stdin.write_all(input);
    }
    let mut status = None;
    let ended = wait_until(bound, || {
        status = child.try_wait().ok().flatten();
        status.is_some()
    });
    if !ended {
        // It may have ended just now, which is as good.
        let _ = child.kill();
        status = Some(child.wait()?);
    }
    let (stdout, stderr) = (joined(stdout), joined(stderr));
    if !ended {
        bail!("{command:?} did not end within {bound:?}; it said: {stdout}{stderr}");
    }
    Ok(Ended {
        code: status.and_then(|status| status.code()),
        stdout,
        stderr,
        took: began.elapsed(),
    })
}

fn collect<R: Read + Send + 'static>(pipe: Option<R>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came until an error is all that there is to show.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn joined(thread: JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&thread.join().unwrap_or_default()).into_owned()
}

/// A `fieldscan watch`, or another program, that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Watch {
    child: Child,
    lines: Receiver<(Duration, String)>,
    seen: Vec<(Duration, String)>,
}

impl Watch {
    /// Starts a program.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(mut command: Command) -> Result<Watch> {
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {command:?}"))?;
        let (sender, lines) = channel();
        let out: Option<Box<dyn Read + Send>> = child.stdout.take().map(|pipe| Box::new(pipe) as _);
        let err: Option<Box<dyn Read + Send>> = child.stderr.take().map(|pipe| Box::new(pipe) as _);
        for pipe in [out, err].into_iter().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if sender.send((started.elapsed(), line)).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Watch {
            child,
            lines,
            seen: Vec::new(),
        })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it said so far, line by line, with the time since its start.
    pub fn lines(&mut self) -> &[(Duration, String)] {
        self.seen.extend(self.lines.try_iter());
        &self.seen
    }

    /// Waits until it says a line that satisfies `wanted`, from the start on; gives the time at which it did, since its
    /// start.
    ///
    /// # Errors
    /// When it doesn't within `bound`, or ends before.
    pub fn wait_for_line(
        &mut self,
        bound: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Duration> {
        let end = Instant::now() + bound;
        if let Some((at, _)) = self.seen.iter().find(|(_, line)| wanted(line)) {
            return Ok(*at);
        }
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok((at, line)) => {
                    let found = wanted(&line);
                    self.seen.push((at, line));
                    if found {
                        return Ok(at);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("not said within {bound:?}; it said: {:#?}", self.seen)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("it ended; it said: {:#?}", self.seen)
                }
            }
        }
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Errors
    /// The system's.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill()?;
        Ok(self.child.wait()?)
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Errors
    /// When it doesn't within `bound`.
    #[cfg(unix)]
    pub fn stop(&mut self, bound: Duration) -> Result<ExitStatus> {
        use nix::{
            sys::signal::{Signal, kill},
            unistd::Pid,
        };
        kill(Pid::from_raw(self.child.id().try_into()?), Signal::SIGTERM)?;
        self.wait(bound).context("after SIGTERM")
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// When it doesn't within `bound`.
    pub fn wait(&mut self, bound: Duration) -> Result<ExitStatus> {
        let mut status = None;
        let ended = wait_until(bound, || {
            status = self.child.try_wait().ok().flatten();
            status.is_some()
        });
        match status.filter(|_| ended) {
            Some(status) => Ok(status),
            None => bail!(
                "it did not end within {bound:?}; it said: {:#?}",
                self.lines()
            ),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Mostly it has ended, which is no error here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processes of this name in our network namespace, as id and command line. Linux only; empty elsewhere.
#[must_use]
pub fn processes(name: &str) -> Vec<(u32, String)> {
    let namespace = |process: &Path| std::fs::read_link(process.join("ns/net")).ok();
    let Some(ours) = namespace(Path::new("/proc/self")) else {
        return Vec::new();
    };
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id = path.file_name()?.to_str()?.parse().ok()?;
            let comm = std::fs::read_to_string(path.join("comm")).ok()?;
            let stat = std::fs::read_to_string(path.join("stat")).ok()?;
            // A zombie holds nothing but its number until its parent, or init, asks for it.
            let dead = stat
                .rsplit_once(") ")
                .is_some_and(|(_, rest)| rest.starts_with('Z'));
            if comm.trim_end() != name || dead || namespace(&path)? != ours {
                return None;
            }
            let line = std::fs::read(path.join("cmdline")).ok()?;
            Some((id, String::from_utf8_lossy(&line).replace('\0', " ")))
        })
        .collect()
}
