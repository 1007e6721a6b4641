//! `config import`: a file of the reference scanner becomes settings, and its tokens go into the keychain.
//!
//! The order is such that nothing is ever lost: secrets first, then the settings, and only then are the tokens taken out
//! of the file.

use std::io::{BufRead, IsTerminal, Write};

use fieldscan_engine::{
    settings_file,
    takeover::{Kept, KeptIn, keep_secrets},
    vault::Vault,
};
use serde::Serialize;

use super::{config::unwritten, secret::source};
use crate::{
    args,
    failure::{Exit, Failure, exit_of},
    instance::take_up,
    output::{Output, Tone, note, plain},
    place::Place,
};

#[derive(Serialize)]
struct ImportDocument {
    from: String,
    to: String,
    settings: Vec<&'static str>,
    secrets: Vec<SecretDocument>,
    blanked: bool,
    warnings: Vec<String>,
    /// Whether a running instance works with it; null if none is running.
    taken_up: Option<bool>,
}

#[derive(Serialize)]
struct SecretDocument {
    name: &'static str,
    kept_in: &'static str,
    #[serde(skip)]
    words: String,
}

pub(super) fn run(place: &Place, out: &Output, args: &args::Import) -> Result<Exit, Failure> {
    let import = settings_file::import(&args.file)?.ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            "no-such-file",
            format!("There is no file {}.", args.file.display()),
        )
    })?;
    if import.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "nothing-known",
            format!("{} has no setting and no token that is known here.", args.file.display()),
        )
        .remedy("Nothing was imported. The reference scanner's file is usually /etc/phpipam/scan_agent.yaml."));
    }
    let exists = place.settings_file.exists();
    let writes = !exists || args.force;
    if !writes && !args.blank {
        return Err(Failure::new(
            Exit::Usage,
            "settings-exist",
            format!(
                "There are settings already ({}).",
                place.settings_file.display()
            ),
        )
        .remedy("Nothing was changed. To have the file's values take their place: `--force`. To only move its tokens: `--blank`."));
    }
    // A broken settings file is told before anything is moved.
    settings_file::read(&place.settings_file)?;
    let kept = keep_secrets(&Vault::open(), &import, args.force).map_err(|problem| {
        Failure::of(exit_of(&problem), problem)
            .detail("Nothing was imported: the tokens would have had no safe place.")
    })?;
    let secrets: Vec<SecretDocument> = kept.iter().map(Into::into).collect();
    if writes {
        settings_file::take_over(&place.settings_file, &import).map_err(unwritten)?;
    }
    let kept_apart: Vec<&str> = secrets
        .iter()
        .filter(|secret| secret.kept_in == NOWHERE)
        .map(|secret| secret.name)
        .collect();
    let has_tokens = secrets.len() > kept_apart.len();
    let blank = has_tokens && wants_blank(args);
    if blank {
        settings_file::blank_tokens(&args.file, &kept_apart).map_err(|error| {
            unwritten(error).remedy(format!(
                "Only the tokens in {} are still there. Take them out by hand.",
                args.file.display()
            ))
        })?;
    }
    let taken_up = take_up(place);
    let document = ImportDocument {
        taken_up: taken_up.document(),
        from: args.file.display().to_string(),
        to: place.settings_file.display().to_string(),
        settings: if writes {
            import.given.clone()
        } else {
            Vec::new()
        },
        secrets,
        blanked: blank,
        warnings: import
            .warnings
            .iter()
            .map(|warning| format!("{}:{warning}", args.file.display()))
            .collect(),
    };
    out.show(&document, |out| {
        text(out, &document, writes) + &taken_up.words()
    })?;
    Ok(match kept_apart.is_empty() {
        true => Exit::Done,
        false => Exit::Problems,
    })
}

/// For a token whose only copy may be the one in the file.
const NOWHERE: &str = "nowhere";

impl From<&Kept> for SecretDocument {
    fn from(kept: &Kept) -> Self {
        let secret = kept.secret;
        Self {
            name: secret.name(),
            kept_in: kept.code(),
            words: match kept.place {
                KeptIn::Already(there) => format!("{secret}: {} has it", source(there, secret)),
                KeptIn::Nowhere(there) => format!(
                    "{secret}: {} has another one, which is used; the file's was not taken over and stays there",
                    source(there, secret)
                ),
                KeptIn::Keychain => format!("{secret}: in the keychain"),
            },
        }
    }
}

/// Whether the tokens are to be taken out of the file: by its option, or by asking.
fn wants_blank(args: &args::Import) -> bool {
    if args.blank || args.keep {
        return args.blank;
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return false;
    }
    let mut stderr = std::io::stderr();
    let _ = write!(
        stderr,
        "Empty the tokens in {}? The rest of it stays as it is. [y/N] ",
        plain(&args.file.display().to_string())
    );
    let _ = stderr.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn text(out: &Output, document: &ImportDocument, writes: bool) -> String {
    let (from, to) = (plain(&document.from), plain(&document.to));
    let mut text = out.style.paint(
        Tone::Strong,
        match writes {
            true => format!("{from} was taken over into {to}."),
            false => format!("The settings in {to} stay as they are."),
        },
    ) + "\n";
    if writes {
        text += &match document.settings.as_slice() {
            [] => "  settings: none in the file\n".to_owned(),
            settings => format!("  settings: {}\n", settings.join(", ")),
        };
    }
    for secret in &document.secrets {
        text += &format!("  {}\n", secret.words);
    }
    let movable = document.secrets.iter().any(|it| it.kept_in != NOWHERE);
    if document.blanked {
        text += &format!("  the tokens in {from} are emptied\n");
    } else if movable {
        text += &format!(
            "  the tokens are still in {from}; to empty them: `fieldscan config import {from} --blank`\n"
        );
    }
    if document.blanked && document.secrets.iter().any(|it| it.kept_in == NOWHERE) {
        text += "  but for those that have no other place\n";
    }
    for warning in &document.warnings {
        note(&format!("Warning: {}", plain(warning)));
    }
    text + "\nTry it: `fieldscan doctor`\n"
}
