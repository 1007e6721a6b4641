//! The Fieldscan agent without a desktop: for servers, cron and scripts.

mod args;
mod commands;
mod deliver;
mod failure;
mod instance;
mod output;
mod place;
mod progress;
mod session;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, error::ErrorKind};
use fieldscan_core::settings::SECRET_KEYS;

use crate::{
    args::Cli,
    failure::{Exit, Failure},
    output::{Style, note},
};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(told));
    // A panic unwinds to here, so that what was taken (locks, processes) is given back.
    let exit = std::panic::catch_unwind(run).unwrap_or(Exit::Fault);
    ExitCode::from(exit as u8)
}

fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let json = cli.globals.json;
    match commands::run(cli) {
        Ok(exit) => exit,
        Err(failure) => failed(&failure, json),
    }
}

fn failed(failure: &Failure, json: bool) -> Exit {
    note(failure.text(Style::stderr()).trim_end());
    if json {
        // Nothing is left to be told of this.
        let _ = output::json(&failure.document()).and_then(|text| output::write_stdout(&text));
    }
    failure.exit
}

/// Help and version, or what is wrong with the command line.
fn misused(error: &clap::Error) -> Exit {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        // A reader that has gone away is no failure.
        let _ = error.print();
        return Exit::Done;
    }
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    if is_about_secrets(&arguments) {
        // clap repeats what it doesn't understand, and that may be a secret.
        if error.kind() == ErrorKind::InvalidValue && arguments.iter().any(|it| it == "secret") {
            let failure = Failure::new(Exit::Usage, "usage", "There is no secret of that name.")
                .remedy("Known are client_token, auth_token and client_password.");
            return failed(&failure, json);
        }
        let failure = Failure::new(
            Exit::Usage,
            "usage",
            "A secret is never taken from the command line: it would be seen in the process list and in the shell's history.",
        )
        .remedy("`fieldscan secret set client_token` (or auth_token, client_password) reads it from a prompt, or from standard input.");
        return failed(&failure, json);
    }
    if json {
        let text = error.to_string();
        let what = text.lines().next().unwrap_or_default();
        let failure = Failure::new(Exit::Usage, "usage", what.trim_start_matches("error: "));
        return failed(&failure, json);
    }
    let _ = error.print();
    Exit::Usage
}

/// Whether a secret may be among the arguments.
fn is_about_secrets(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| {
        let argument = argument.to_string_lossy();
        argument == "secret" || SECRET_KEYS.iter().any(|key| argument.contains(key))
    })
}

/// A panic in a few words. Its message could hold anything, so only its place is shown.
fn told(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(String::new, |place| {
        format!(" ({}:{})", place.file(), place.line())
    });
    note(&format!(
        "Fieldscan ended by a fault of its own{place}. What was accepted before is in the database. Please report this: `fieldscan diagnostics FILE.zip`."
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_may_hold_a_secret_are_not_repeated() {
        let about = |arguments: &[&str]| {
            let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
            is_about_secrets(&arguments)
        };
        assert!(about(&["secret", "set", "auth_token", "MARKER"]));
        assert!(about(&["--json", "secret", "MARKER"]));
        assert!(about(&["config", "set", "client_token", "a", "MARKER"]));
        assert!(about(&["scan", "--auth_token=MARKER"]));
        assert!(
            !about(&["scan", "--bogus"]),
            "elsewhere clap's words help more"
        );
    }
}
