//! Runs one step of a command: prints its name and how long it took, and starts programs as they should be started.

use std::{
    ffi::{OsStr, OsString},
    io::IsTerminal,
    path::PathBuf,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, bail};

/// How output looks: colours only on a terminal, and never with `NO_COLOR`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    colour: bool,
}

impl Look {
    /// As standard output and the environment want it.
    pub(crate) fn of_this_terminal() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            colour: wanted && !dumb && std::io::stdout().is_terminal(),
        }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// A heading.
    pub(crate) fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Something that failed.
    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Something worth a look.
    pub(crate) fn caution(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Something by the way.
    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// Carries out a step and prints its name before and its time after. Returns whether it went well.
pub(crate) fn step(
    look: &Look,
    name: &str,
    work: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<bool> {
    println!("{} {}", look.strong("▶"), look.strong(name));
    let begun = Instant::now();
    let result = work();
    let took = seconds(begun);
    match result {
        Ok(()) => {
            println!("{}", look.faint(&format!("  {name}: {took}")));
            Ok(true)
        }
        Err(error) => {
            println!(
                "{}",
                look.bad(&format!("  {name}: failed after {took}: {error:#}"))
            );
            Ok(false)
        }
    }
}

fn seconds(begun: Instant) -> String {
    let seconds = begun.elapsed().as_secs_f32();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!(
            "{:.0} min {:.0} s",
            (seconds / 60.0).floor(),
            seconds % 60.0
        )
    }
}

/// Goes to the repository's root, from wherever the command was called.
pub(crate) fn enter_root() -> anyhow::Result<()> {
    let here = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(manifest) => PathBuf::from(manifest),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")),
    };
    let root = here.parent().context("the folder of xtask has no parent")?;
    std::env::set_current_dir(root).with_context(|| format!("can't go to {}", root.display()))
}

/// Cargo, ready for arguments.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = as_from_a_shell(cargo_program());
    command.args(args);
    command
}

/// The cargo that runs this.
pub(crate) fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A program that itself runs cargo or a compiler.
pub(crate) fn as_from_a_shell(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    // `cargo run` sets these for xtask. Build scripts that watch them would run again for each change between a call
    // from here and a call from a shell.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ]
        .iter()
        .any(|prefix| text.starts_with(prefix))
        {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a program that may use the terminal, and fails if it does.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("can't start {name}"))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a program and returns what it prints on standard output.
pub(crate) fn read(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("can't start {name}"))?;
    if !output.status.success() {
        bail!("{} ended with {}", shown(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command line, as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where a program is found, by `PATH`.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        // Tools of the administrator are not in everybody's PATH, and are there all the same.
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .flat_map(|folder| [folder.join(program), folder.join(format!("{program}.exe"))])
        .find(|file| file.is_file())
}

/// The folder of build products and the workspace's packages, as cargo sees them.
pub(crate) fn metadata() -> anyhow::Result<serde_json::Value> {
    let text = read(&mut cargo(&[
        "metadata",
        "--format-version=1",
        "--no-deps",
        "--locked",
    ]))?;
    serde_json::from_str(&text).context("cargo metadata can't be read")
}
