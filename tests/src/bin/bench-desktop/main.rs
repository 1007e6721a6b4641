//! What the tray application takes of a computer: time to its icon and to its window, memory of all its processes, work while
//! nothing is to be done, and how fast its window is with the largest subnet that is swept.
//!
//! `bench-desktop [--idle MINUTES] [--windows TIMES] [--only PART]`; the parts are `alone` and `large`. `FIELDSCAN_TRAY_BIN`
//! names the program. Ends with 0 only if every figure is within its limit.
#![expect(
    clippy::print_stdout,
    reason = "what is measured is for a person to read"
)]

#[cfg(target_os = "linux")]
mod alone;
#[cfg(target_os = "linux")]
mod large;

#[cfg(target_os = "linux")]
use std::process::ExitCode;

#[cfg(target_os = "linux")]
use self::measured::{Asked, Figure, figure, median};

#[cfg(target_os = "linux")]
mod measured {
    use std::time::Duration;

    use anyhow::{Context as _, Result, anyhow, bail};
    use fieldscan_tests::{
        desktop::{Desk, Keyring, missing_desk},
        network::{available, command_in_namespace, inside, loopback_up},
        site::{Plan, Site},
    };

    use super::{alone, large};

    /// What is asked for on the command line.
    pub(crate) struct Asked {
        pub(crate) idle: Duration,
        pub(crate) windows: usize,
        /// One part alone.
        only: Option<String>,
    }

    impl Asked {
        pub(crate) fn of_the_command_line() -> Result<Self> {
            let mut asked = Self {
                idle: Duration::from_secs(600),
                windows: 50,
                only: None,
            };
            let mut arguments = std::env::args().skip(1);
            while let Some(name) = arguments.next() {
                let value = arguments
                    .next()
                    .with_context(|| format!("{name} needs a value"))?;
                match name.as_str() {
                    "--idle" => asked.idle = Duration::from_secs(value.parse::<u64>()? * 60),
                    "--windows" => asked.windows = value.parse()?,
                    "--only" if ["alone", "large"].contains(&value.as_str()) => {
                        asked.only = Some(value);
                    }
                    _ => bail!(
                        "usage: bench-desktop [--idle MINUTES] [--windows TIMES] [--only alone|large]"
                    ),
                }
            }
            Ok(asked)
        }

        fn wants(&self, part: &str) -> bool {
            self.only.as_deref().is_none_or(|only| only == part)
        }
    }

    /// A figure with its limit, if it has one.
    pub(crate) struct Figure {
        what: String,
        value: f64,
        unit: &'static str,
        limit: Option<f64>,
    }

    /// Measures and prints everything, with a network of its own to scan. Whether all is within its limits.
    pub(crate) fn all(asked: &Asked) -> Result<bool> {
        if !inside() {
            available().map_err(|reason| anyhow!(reason))?;
            let program = std::env::current_exe()?;
            let arguments = std::env::args().skip(1);
            let status = command_in_namespace(program).args(arguments).status()?;
            return Ok(status.success());
        }
        loopback_up()?;
        if let Some(reason) = missing_desk() {
            bail!("{reason}");
        }
        let desk = Desk::start(Keyring::None)?;
        let mut figures = Vec::new();
        if asked.wants("alone") {
            let site = Site::start(Plan::loopback())?;
            alone::measure(&desk, &site, asked, &mut figures)?;
        }
        if asked.wants("large") {
            large::measure(&desk, &mut figures)?;
        }
        let mut well = true;
        println!("{:<52} {:>12} {:>12}", "", "measured", "at most");
        for figure in figures {
            let limit = figure
                .limit
                .map_or_else(String::new, |limit| format!("{limit:.1} {}", figure.unit));
            let over = figure.limit.is_some_and(|limit| figure.value > limit);
            well &= !over;
            let mark = if over { "  too much" } else { "" };
            println!(
                "{:<52} {:>12} {limit:>12}{mark}",
                figure.what,
                format!("{:.1} {}", figure.value, figure.unit)
            );
        }
        Ok(well)
    }

    pub(crate) fn median(mut all: Vec<f64>) -> Result<f64> {
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2)
            .copied()
            .context("nothing was measured")
    }

    pub(crate) fn figure(what: &str, value: f64, unit: &'static str, limit: Option<f64>) -> Figure {
        Figure {
            what: what.to_owned(),
            value,
            unit,
            limit,
        }
    }
}

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let measured = measured::Asked::of_the_command_line().and_then(|asked| measured::all(&asked));
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench-desktop: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("bench-desktop: only on Linux");
}
