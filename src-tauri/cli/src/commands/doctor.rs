//! `doctor`: each step with its own tick, and what to do where one fails.

use fieldscan_core::{present, problem::Problem};
use fieldscan_engine::{
    diagnostics::bundle,
    doctor::{Outcome, Progress, StepId, examine},
    document::DoctorDocument,
};

use crate::{
    failure::{Exit, Failure},
    output::{Output, Tone, plain, write_stdout},
    place::Place,
    progress::Step,
    session,
};

pub(super) fn run(place: &Place, out: &Output) -> Result<Exit, Failure> {
    let live = !out.is_json();
    let steps = session::block_on(async {
        let mut ended = Vec::new();
        let mut shown: Result<(), Failure> = Ok(());
        let mut waiting: Option<Step> = None;
        examine(bundle::patient(place), |progress| match progress {
            Progress::Begun(step) => {
                waiting = live.then(|| Step::begin(step.title()));
            }
            Progress::Ended(step, outcome) => {
                if let Some(step) = waiting.take() {
                    step.end();
                }
                if live && shown.is_ok() {
                    shown = write_stdout(&tick(out, step, &outcome));
                }
                ended.push((step, outcome));
            }
        })
        .await;
        shown.map(|()| ended)
    })?;
    let failed = steps
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)))
        .count();
    if out.is_json() {
        out.show(&DoctorDocument::of(&steps), |_| String::new())?;
    } else {
        let says = match failed {
            0 => "Everything that a scan needs works.".to_owned(),
            n => format!("{} failed.", present::count(n as u64, "step", "steps")),
        };
        write_stdout(&format!("\n{}\n", out.style.paint(Tone::Strong, says)))?;
    }
    Ok(match failed {
        0 => Exit::Done,
        _ if !place.settings_file.exists() => Exit::Usage,
        _ => Exit::Problems,
    })
}

/// A step's line, with what to do below it where there is something.
fn tick(out: &Output, step: StepId, outcome: &Outcome) -> String {
    let style = out.style;
    let title = format!("{:<18}", step.title());
    let line = |tone, mark: &str, says: &str| {
        format!("{} {title} {}\n", style.paint(tone, mark), plain(says))
    };
    let with_remedy = |tone, mark, problem: &Problem| {
        let words = present::words(problem);
        let mut text = line(tone, mark, &words.what);
        let indent = " ".repeat(21);
        if let Problem::SettingsInvalid { detail } = problem {
            for place in detail.lines() {
                text += &format!("{indent}{}\n", plain(place));
            }
        } else if let Some(said) = &words.said {
            text += &out.prose(
                &format!("{}: “{}”", said.by, plain(&said.words)),
                indent.len(),
            );
        }
        text + &out.prose(&plain(&words.remedy), indent.len())
    };
    match outcome {
        Outcome::Ok(found) => line(Tone::Known, "✓", &found.to_string()),
        Outcome::Warning(problem) => with_remedy(Tone::Mismatch, "!", problem),
        Outcome::Failed(problem) => with_remedy(Tone::Missing, "✗", problem),
        Outcome::NotTried(because) => format!(
            "{} {}\n",
            style.paint(Tone::Faint, "·"),
            style.paint(
                Tone::Faint,
                format!("{title} not tried: “{}” comes first", because.title())
            )
        ),
    }
}
