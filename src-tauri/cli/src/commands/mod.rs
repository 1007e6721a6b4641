//! What each command does: one module for each group.

mod addresses;
mod changes;
mod config;
mod control;
mod diagnostics;
mod doctor;
mod export;
mod grant;
mod import;
mod pages;
mod places;
mod reports;
mod runs;
mod scan;
mod secret;
mod status;
mod subnets;
mod watch;

use fieldscan_core::{
    present::{self, number},
    problem::Standing,
};

use crate::{
    args::{Cli, Command},
    failure::{Exit, Failure},
    output::{Output, Tone, plain},
    place::Place,
};

/// Does what was asked.
pub(crate) fn run(cli: Cli) -> Result<Exit, Failure> {
    let out = Output::new(cli.globals.json);
    match &cli.command {
        Command::Completions(args) => return pages::completions(&out, args),
        Command::Man(args) => return pages::man(&out, args),
        Command::Watch if out.is_json() => {
            return Err(prints_text("`watch`").remedy("Its log is lines of text on standard error. `fieldscan --json status` tells where it stands, also while it works."));
        }
        Command::Scan(_)
        | Command::Status
        | Command::Subnets
        | Command::Addresses(_)
        | Command::Runs(_)
        | Command::Run(_)
        | Command::Reports(_)
        | Command::Config(_)
        | Command::Secret(_)
        | Command::Doctor
        | Command::Grant(_)
        | Command::Places(_)
        | Command::Watch
        | Command::Pause(_)
        | Command::Resume
        | Command::Stop
        | Command::Export(_)
        | Command::Diagnostics(_) => {}
    }
    let place = Place::of(&cli.globals)?;
    on(&place, &out, cli.command).map_err(|failure| match failure.code.as_str() {
        "store-failing" => failure.remedy(format!(
            "Check the permissions and the disk of the data folder, {}.",
            place.data_dir.display()
        )),
        _ => failure,
    })
}

/// A command that has no document for `--json` to print.
fn prints_text(what: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        "prints-text",
        format!("{what} prints no JSON document."),
    )
}

fn on(place: &Place, out: &Output, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Scan(args) => scan::run(place, out, &args),
        Command::Status => status::run(place, out),
        Command::Subnets => subnets::run(place, out),
        Command::Addresses(args) => addresses::run(place, out, &args),
        Command::Runs(args) => runs::list(place, out, &args),
        Command::Run(args) => runs::show(place, out, &args),
        Command::Reports(args) => reports::run(place, out, &args),
        Command::Config(args) => config::run(place, out, &args),
        Command::Secret(args) => secret::run(place, out, &args),
        Command::Doctor => doctor::run(place, out),
        Command::Grant(args) => grant::run(out, &args),
        Command::Places(args) => places::run(place, out, &args),
        Command::Watch => watch::run(place),
        Command::Pause(args) => control::pause(place, out, &args),
        Command::Resume => control::resume(place, out),
        Command::Stop => control::stop(place, out),
        Command::Export(args) => export::run(place, out, &args),
        Command::Diagnostics(args) => diagnostics::run(place, out, &args),
        Command::Completions(_) | Command::Man(_) => Ok(Exit::Done),
    }
}

/// As many problems are shown; a person mends one after the other.
const SHOWN: usize = 12;

/// Problems under a heading, each with what happened and what to do.
fn problems(
    out: &Output,
    standing: &[Standing],
    name: &dyn Fn(fieldscan_core::ids::SubnetId) -> Option<String>,
    now: jiff::Timestamp,
) -> String {
    let mut text = String::new();
    for problem in standing.iter().take(SHOWN) {
        let words = present::words_with(&problem.problem, name);
        let mark = match problem.problem.severity() {
            fieldscan_core::problem::Severity::Notice => out.style.paint(Tone::Faint, "·"),
            fieldscan_core::problem::Severity::Waiting => out.style.paint(Tone::Mismatch, "…"),
            fieldscan_core::problem::Severity::NeedsPerson => out.style.paint(Tone::Missing, "✗"),
        };
        let age = present::age(problem.since, now);
        text += &format!(
            "  {mark} {}  {}\n",
            plain(&words.what),
            out.style.paint(Tone::Faint, age)
        );
        if let Some(said) = &words.said {
            text += &out.prose(&format!("{}: “{}”", said.by, plain(&said.words)), 4);
        }
        text += &out.prose(&plain(&words.remedy), 4);
    }
    if standing.len() > SHOWN {
        let more = present::count((standing.len() - SHOWN) as u64, "more", "more");
        text += &format!("  and {more}; `--json` has all of them\n");
    }
    text
}

/// A number, or nothing for none: tables stay calm where there is nothing to see.
fn some(n: u32) -> String {
    match n {
        0 => String::new(),
        n => number(u64::from(n)),
    }
}
