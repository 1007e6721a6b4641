//! `secret`: into the keychain from a prompt or standard input, never from the command line.

use std::io::{IsTerminal, Read};

use fieldscan_core::present;
use fieldscan_engine::{
    document::SecretDocument,
    vault::{self, Vault},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    args::{Secret, SecretName, SecretOf},
    failure::{Exit, Failure, exit_of},
    instance::take_up,
    output::{Cell, Column, Output, Table, Tone, plain},
    place::Place,
};

/// No secret is longer, in bytes.
const LONGEST: u64 = 64 * 1024;

#[derive(Serialize)]
struct SecretsDocument {
    secrets: Vec<SecretDocument>,
}

#[derive(Serialize)]
struct ChangeDocument {
    secret: &'static str,
    changed: bool,
    /// Whether a running instance works with it; null if none is running.
    taken_up: Option<bool>,
}

impl From<SecretName> for vault::Secret {
    fn from(name: SecretName) -> Self {
        match name {
            SecretName::ClientToken => Self::ClientToken,
            SecretName::AuthToken => Self::AuthToken,
            SecretName::ClientPassword => Self::ClientPassword,
        }
    }
}

pub(super) fn run(place: &Place, out: &Output, args: &Secret) -> Result<Exit, Failure> {
    let vault = Vault::open();
    match args {
        Secret::Set(SecretOf { name }) => set(place, out, &vault, (*name).into()),
        Secret::Status => status(out, &vault),
        Secret::Delete(SecretOf { name }) => delete(place, out, &vault, (*name).into()),
    }
}

fn set(place: &Place, out: &Output, vault: &Vault, secret: vault::Secret) -> Result<Exit, Failure> {
    let value = read(secret)?;
    vault
        .set(secret, &value)
        .map_err(|problem| Failure::of(exit_of(&problem), problem))?;
    let taken_up = take_up(place);
    let document = ChangeDocument {
        secret: secret.name(),
        changed: true,
        taken_up: taken_up.document(),
    };
    let hidden = vault.get_outside(secret).ok().flatten();
    out.show(&document, |_| {
        let mut text = format!("{secret} is in the keychain.\n");
        if let Some(found) = hidden {
            text += &format!(
                "It is not used as long as {} has one.\n",
                source(found.source, secret)
            );
        }
        text + &taken_up.words()
    })?;
    Ok(Exit::Done)
}

/// From a prompt without echo, or from standard input where that is no terminal.
fn read(secret: vault::Secret) -> Result<SecretString, Failure> {
    let unread = |error: std::io::Error| {
        Failure::new(
            Exit::Usage,
            "secret-unread",
            format!("{secret} could not be read."),
        )
        .detail(error.to_string())
    };
    let value = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{secret} (not shown): ")).map_err(unread)?
    } else {
        let mut text = String::new();
        std::io::stdin()
            .take(LONGEST + 1)
            .read_to_string(&mut text)
            .map_err(unread)?;
        text
    };
    let value = SecretString::from(value);
    let text = value.expose_secret().trim_end_matches(['\r', '\n']);
    let refused = |what: &str| {
        Failure::new(
            Exit::Usage,
            "secret-refused",
            format!("{secret} was not changed: {what}."),
        )
        .remedy(format!(
            "Give it at the prompt, or on standard input: `fieldscan secret set {secret} < FILE`."
        ))
    };
    if text.trim().is_empty() {
        return Err(refused("nothing was given"));
    }
    if text.len() as u64 > LONGEST {
        return Err(refused("what was given is longer than any secret"));
    }
    if text.chars().any(char::is_control) {
        return Err(refused(
            "what was given has more than one line, or control characters",
        ));
    }
    Ok(SecretString::from(text))
}

fn status(out: &Output, vault: &Vault) -> Result<Exit, Failure> {
    let found = vault.status();
    let document = SecretsDocument {
        secrets: found.iter().map(Into::into).collect(),
    };
    out.show(&document, |out| {
        let mut table = Table::new([Column::Left(""), Column::Left("")]);
        for (secret, found) in &found {
            let (tone, says) = match found {
                Ok(Some(found)) => (Tone::Known, format!("in {}", source(*found, *secret))),
                Ok(None) => (Tone::Faint, "not set".to_owned()),
                Err(problem) => (Tone::Missing, present::words(problem).what),
            };
            table.row([secret.name().into(), Cell::toned(tone, plain(&says))] as [Cell; 2]);
        }
        let mut text = out.table(&table, 0);
        let mut problems: Vec<_> = found
            .iter()
            .filter_map(|(_, found)| found.as_ref().err())
            .collect();
        problems.dedup();
        for problem in problems {
            // The table has what happened; what to do about it stands once.
            let words = present::words(problem);
            text.push('\n');
            if let Some(said) = words.said {
                text += &out.prose(&format!("{}: “{}”", said.by, plain(&said.words)), 0);
            }
            text += &out.prose(&plain(&words.remedy), 0);
        }
        text
    })?;
    // The password is only needed for apps of a rare kind.
    let broken = found
        .iter()
        .any(|(secret, found)| *secret != vault::Secret::ClientPassword && found.is_err());
    Ok(if broken { Exit::Problems } else { Exit::Done })
}

fn delete(
    place: &Place,
    out: &Output,
    vault: &Vault,
    secret: vault::Secret,
) -> Result<Exit, Failure> {
    let changed = vault
        .delete(secret)
        .map_err(|problem| Failure::of(exit_of(&problem), problem))?;
    let taken_up = take_up(place);
    let document = ChangeDocument {
        secret: secret.name(),
        changed,
        taken_up: taken_up.document(),
    };
    out.show(&document, |_| match changed {
        true => format!("{secret} is no longer in the keychain.\n") + &taken_up.words(),
        false => format!("{secret} was not in the keychain.\n"),
    })?;
    Ok(Exit::Done)
}

/// Where a secret is, as a person finds it.
pub(super) fn source(source: vault::Source, secret: vault::Secret) -> String {
    match source {
        vault::Source::Environment => format!("the environment ({})", secret.variable()),
        vault::Source::CredentialsDirectory => {
            format!("$CREDENTIALS_DIRECTORY/{}", secret.name())
        }
        vault::Source::Keychain => "the keychain".to_owned(),
    }
}
