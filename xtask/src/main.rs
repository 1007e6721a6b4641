//! The project's own commands: `cargo xtask help` lists them.
//!
//! Nothing here is part of the product. The commands install what they need, say what they do, and end with an exit code
//! that tells whether it was done.
#![expect(
    clippy::print_stdout,
    reason = "these are commands for a person: what they print is what they are for"
)]

mod bench;
mod check;
mod cross;
mod demo;
mod icons;
mod layering;
mod package;
mod packages;
mod step;
mod test;
mod tidy;
mod ui;
mod unused;
#[cfg(test)]
mod workflows;

use std::process::ExitCode;

use crate::step::Look;

/// A command: its name, its line in the help, and what it does with its arguments.
///
/// `Ok(false)` means that it ended and something was found wrong.
type Command = (
    &'static str,
    &'static str,
    fn(&Look, &[String]) -> anyhow::Result<bool>,
);

const COMMANDS: &[Command] = &[
    (
        "demo",
        "install what is missing, then watch the agent scan a simulated site",
        demo::run,
    ),
    (
        "test",
        "the whole gate: install what is missing, check, and run every test",
        test::run,
    ),
    (
        "check",
        "formatting, lints, documentation, layering, dependencies, tidiness",
        check::run,
    ),
    (
        "bench",
        "the benchmarks; arguments go to criterion (or, with `scan` or `desktop`, to those)",
        bench::run,
    ),
    (
        "icons",
        "make the icons' sizes from their drawings (or, with `--check`, look whether they are so)",
        icons::run,
    ),
    (
        "ui",
        "build the pages of the window, which the tray application carries in itself",
        ui::run,
    ),
    (
        "screenshots",
        "make pictures of every screen and state of the window, in ui/screenshots",
        ui::screenshots,
    ),
    (
        "bindings",
        "write the types that the window shares with the agent",
        ui::bindings,
    ),
    (
        "cross",
        "check for Windows and macOS from Linux; with `wine`, build for Windows and run that",
        cross::run,
    ),
    (
        "package",
        "make the .deb and the .rpm; with `try`, install, run and remove the .deb in a throw-away root",
        package::run,
    ),
    (
        "packages",
        "install the programs that the tests need (or, with `demo` or `cross`, those commands)",
        packages::run,
    ),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = args.collect();
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some((_, _, run)) = COMMANDS.iter().find(|(command, ..)| *command == name) else {
        eprint!("There is no command `{name}`.\n\n{}", help());
        return ExitCode::from(2);
    };
    let look = Look::of_this_terminal();
    match step::enter_root().and_then(|()| run(&look, &rest)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{}: {error:#}", look.bad("cargo xtask"));
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let mut text = String::from("cargo xtask <command>\n\n");
    for (name, line, _) in COMMANDS {
        text += &format!("  {name:<9} {line}\n");
    }
    text += &format!("  {:<9} this list\n", "help");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_has_one_line_for_each_command() {
        let help = help();
        for (name, line, _) in COMMANDS {
            assert!(
                help.lines().any(|l| l.contains(name) && l.contains(line)),
                "`{name}` can't be found by who doesn't know it"
            );
        }
    }
}
