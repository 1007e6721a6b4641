//! `diagnostics`: a bundle for a fault report.

use fieldscan_engine::diagnostics::{Error, bundle};
use serde::Serialize;

use crate::{
    args,
    failure::{Exit, Failure},
    output::{Output, note, plain},
    place::Place,
    session,
};

#[derive(Serialize)]
struct DiagnosticsDocument {
    file: String,
    contents: Vec<String>,
}

pub(super) fn run(place: &Place, out: &Output, args: &args::Diagnostics) -> Result<Exit, Failure> {
    note("Trying each step, as `fieldscan doctor` does…");
    let contents = session::block_on(async {
        let written = bundle::write(place, &args.file, false).await;
        written.map_err(|error| match error {
            Error::Exists(path) => Failure::new(
                Exit::Usage,
                "file-exists",
                format!("{} is there already.", path.display()),
            )
            .remedy("Nothing was written. Give another name."),
            Error::Write(..) => {
                Failure::new(Exit::Nothing, "output", "The bundle could not be written.")
                    .detail(error.to_string())
            }
        })
    })?;
    let document = DiagnosticsDocument {
        file: args.file.display().to_string(),
        contents,
    };
    out.show(&document, |_| {
        format!(
            "{} is written: {}.\nSecrets are taken out, addresses and names replaced. It was sent nowhere; look into it before you give it away.\n",
            plain(&document.file),
            document.contents.join(", ")
        )
    })?;
    Ok(Exit::Done)
}
