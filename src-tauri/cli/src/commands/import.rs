//! `config import`: a file of the reference scanner becomes settings, and its tokens go into the keychain.
//!
//! The order is such that nothing is ever lost: secrets first, then the settings, and only then are the tokens taken out
//! of the file.

use std::io::{BufRead, IsTerminal, Write};

use fieldscan_core::settings::{Import, KEYS, Settings};
use fieldscan_engine::{
    settings_file,
    vault::{Secret, Vault},
};
use secrecy::SecretString;
use serde::Serialize;

use super::{config::unwritten, secret::source};
use crate::{
    args,
    failure::{Exit, Failure, exit_of},
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
    if place.settings_file.exists() && !args.force {
        return Err(Failure::new(
            Exit::Usage,
            "settings-exist",
            format!(
                "There are settings already ({}).",
                place.settings_file.display()
            ),
        )
        .remedy("Nothing was changed. To have the file's values take their place: `--force`."));
    }
    // A broken settings file is told before anything is moved.
    settings_file::read(&place.settings_file)?;
    let secrets = keep_secrets(&import)?;
    settings_file::write(&place.settings_file, &import.settings).map_err(unwritten)?;
    let has_tokens = !secrets.is_empty();
    let blank = has_tokens && wants_blank(args);
    if blank {
        settings_file::blank_tokens(&args.file).map_err(|error| {
            unwritten(error).remedy(format!(
                "The settings and tokens were taken over; only the tokens in {} are still there. Take them out by hand.",
                args.file.display()
            ))
        })?;
    }
    let defaults = Settings::default();
    let document = ImportDocument {
        from: args.file.display().to_string(),
        to: place.settings_file.display().to_string(),
        settings: KEYS
            .iter()
            .filter(|key| key.shown(&import.settings) != key.shown(&defaults))
            .map(|key| key.name)
            .collect(),
        secrets,
        blanked: blank,
        warnings: import
            .warnings
            .iter()
            .map(|warning| format!("{}:{warning}", args.file.display()))
            .collect(),
    };
    out.show(&document, |out| text(out, &document))?;
    Ok(Exit::Done)
}

/// Puts each token where the agent finds it: into the keychain, unless it is outside of it already.
fn keep_secrets(import: &Import) -> Result<Vec<SecretDocument>, Failure> {
    let vault = Vault::open();
    let mut kept = Vec::new();
    let found: [(Secret, &Option<SecretString>); 3] = [
        (Secret::ClientToken, &import.client_token),
        (Secret::AuthToken, &import.auth_token),
        (Secret::ClientPassword, &import.client_password),
    ];
    for (secret, value) in found {
        let Some(value) = value else { continue };
        let outside = vault
            .get_outside(secret)
            .map_err(|problem| Failure::of(exit_of(&problem), problem))?;
        kept.push(match outside {
            Some(found) => SecretDocument {
                name: secret.name(),
                kept_in: "outside",
                words: format!(
                    "{secret}: {} has it, so the keychain was not asked",
                    source(found.source, secret)
                ),
            },
            None => {
                vault.set(secret, value).map_err(|problem| {
                    Failure::of(Exit::Nothing, problem)
                        .detail("Nothing was imported: the tokens would have had no safe place.")
                })?;
                SecretDocument {
                    name: secret.name(),
                    kept_in: "keychain",
                    words: format!("{secret}: in the keychain"),
                }
            }
        });
    }
    Ok(kept)
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

fn text(out: &Output, document: &ImportDocument) -> String {
    let mut text = out.style.paint(
        Tone::Strong,
        format!(
            "{} was taken over into {}.",
            plain(&document.from),
            plain(&document.to)
        ),
    ) + "\n";
    text += &match document.settings.as_slice() {
        [] => "  settings: only defaults\n".to_owned(),
        settings => format!("  settings: {}\n", settings.join(", ")),
    };
    for secret in &document.secrets {
        text += &format!("  {}\n", secret.words);
    }
    if document.blanked {
        text += &format!("  the tokens in {} are emptied\n", plain(&document.from));
    } else if !document.secrets.is_empty() {
        text += &format!(
            "  the tokens are still in {}; to empty them: `fieldscan config import {} --blank --force`\n",
            plain(&document.from),
            plain(&document.from)
        );
    }
    for warning in &document.warnings {
        note(&plain(warning));
    }
    text + "\nTry it: `fieldscan doctor`\n"
}
