//! `fieldscan-nmap`: see the library.

use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let (said, code) = match fieldscan_nmap::run(&words) {
        Ok(line) => (writeln!(std::io::stdout(), "{line}"), ExitCode::SUCCESS),
        Err(refused) => (
            writeln!(std::io::stderr(), "fieldscan-nmap: {refused}"),
            ExitCode::from(2),
        ),
    };
    match said {
        Ok(()) => code,
        Err(_) => ExitCode::from(2),
    }
}
