//! `completions` and `man`: made from the definitions, so that they are never out of date.

use std::{fs, io::Write, path::Path};

use clap::CommandFactory;
use serde::Serialize;

use crate::{
    args::{Cli, Completions, Man},
    failure::{Exit, Failure},
    output::{Output, note, write_stdout},
};

#[derive(Serialize)]
struct PagesDocument {
    folder: String,
    pages: Vec<String>,
}

pub(super) fn completions(out: &Output, args: &Completions) -> Result<Exit, Failure> {
    if out.is_json() {
        return Err(super::prints_text("`completions`").remedy("Leave `--json` out."));
    }
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "fieldscan", &mut script);
    write_stdout(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

pub(super) fn man(out: &Output, args: &Man) -> Result<Exit, Failure> {
    let command = Cli::command();
    match &args.folder {
        None if out.is_json() => {
            return Err(super::prints_text("`man`")
                .remedy("Give a folder for the pages, or leave `--json` out."));
        }
        None => write_stdout(&page(&command)?)?,
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
            let mut all = Vec::new();
            pages(&command, "fieldscan", &mut all);
            for (name, command) in &all {
                let path = folder.join(format!("{name}.1"));
                fs::write(&path, page(command)?).map_err(|error| unwritten(&path, &error))?;
            }
            if out.is_json() {
                let document = PagesDocument {
                    folder: folder.display().to_string(),
                    pages: all.iter().map(|(name, _)| format!("{name}.1")).collect(),
                };
                out.show(&document, |_| String::new())?;
            }
            note(&format!(
                "{} pages written to {}.",
                all.len(),
                folder.display()
            ));
        }
    }
    Ok(Exit::Done)
}

/// A command and all below it, each by its page's name: `fieldscan-config-import`.
fn pages(command: &clap::Command, name: &str, all: &mut Vec<(String, clap::Command)>) {
    // The page is named with hyphens, the command is called with blanks.
    let called = name.replace('-', " ");
    all.push((
        name.to_owned(),
        command.clone().name(name.to_owned()).bin_name(called),
    ));
    for below in command.get_subcommands() {
        let with_globals = below.clone().args(
            command
                .get_arguments()
                .filter(|argument| argument.is_global_set())
                .cloned(),
        );
        pages(&with_globals, &format!("{name}-{}", below.get_name()), all);
    }
}

/// What every page ends with.
const SECTIONS: &str = r#".SH "EXIT STATUS"
.TP
.B 0
All done.
.TP
.B 1
Finished with problems.
.TP
.B 2
Wrong use or settings.
.TP
.B 3
Nothing could be done.
.TP
.B 130
Stopped.
.SH ENVIRONMENT
.TP
.B FIELDSCAN_CLIENT_TOKEN, FIELDSCAN_AUTH_TOKEN, FIELDSCAN_CLIENT_PASSWORD
Secrets, for machines without a keychain. They come before the keychain.
.TP
.B CREDENTIALS_DIRECTORY
A folder with the secrets in files named client_token, auth_token and client_password, as systemd makes it.
.SH FILES
.TP
.B settings.yaml
The settings, in the user's configuration folder; "fieldscan config path" shows where. "\-\-config" names another file.
.TP
.B fieldscan's data folder
The database and the logs (logs/), in the user's data folder. "\-\-data\-dir" names another one.
.TP
.B /etc/phpipam/scan_agent.yaml
The reference scanner's settings, which "fieldscan config import" takes over.
"#;

fn page(command: &clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    // The closing words of `--help` have sections of their own here.
    let command = command.clone().after_help("");
    clap_mangen::Man::new(command)
        .render(&mut page)
        .and_then(|()| page.write_all(SECTIONS.as_bytes()))
        .map_err(|error| {
            Failure::new(Exit::Fault, "man", "The page could not be made.")
                .detail(error.to_string())
        })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::Nothing,
        "output",
        format!("{} can't be written.", path.display()),
    )
    .detail(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let mut all = Vec::new();
        pages(&Cli::command(), "fieldscan", &mut all);
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "fieldscan",
            "fieldscan-scan",
            "fieldscan-config-import",
            "fieldscan-secret-set",
        ] {
            assert!(names.contains(&name), "{name} is missing among {names:?}");
        }
        for (name, command) in &all {
            let text = page(command).unwrap();
            assert!(text.contains(".TH"), "{name} is no manual page");
            let called = name.replace('-', " ");
            assert!(
                text.contains(&called.replace(' ', "\\ ")) || text.contains(&called),
                "{name} doesn't say how it is called: {text}"
            );
            for section in ["EXIT STATUS", "ENVIRONMENT", "FILES"] {
                assert!(text.contains(section), "{name} has no {section}");
            }
            assert!(
                text.contains("json"),
                "{name} says nothing of the general options"
            );
        }
    }
}
