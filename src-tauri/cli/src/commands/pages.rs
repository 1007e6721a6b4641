//! `completions` and `man`: made from the definitions, so that they are never out of date.

use std::{fs, path::Path};

use clap::CommandFactory;

use crate::{
    args::{Cli, Completions, Man},
    failure::{Exit, Failure},
    output::{note, write_stdout},
};

pub(super) fn completions(args: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "fieldscan", &mut script);
    write_stdout(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

pub(super) fn man(args: &Man) -> Result<Exit, Failure> {
    let command = Cli::command();
    match &args.folder {
        None => write_stdout(&page(&command)?)?,
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| unwritten(folder, &error))?;
            let mut all = Vec::new();
            pages(&command, "fieldscan", &mut all);
            for (name, command) in &all {
                let path = folder.join(format!("{name}.1"));
                fs::write(&path, page(command)?).map_err(|error| unwritten(&path, &error))?;
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
    all.push((name.to_owned(), command.clone().name(name.to_owned())));
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

fn page(command: &clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
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
            assert!(
                text.contains("json"),
                "{name} says nothing of the general options"
            );
        }
    }
}
