//! What quitting would leave behind.

use crate::snapshot::Snapshot;

use super::count;

/// The menu item: `Quit Fieldscan`, and in few words what that would stop or leave unsent.
pub fn quit_label(snapshot: &Snapshot) -> String {
    let mut leaves = Vec::new();
    if snapshot.run.is_some() {
        leaves.push("stops the scan".to_owned());
    }
    if let unsent @ 1.. = unsent(snapshot) {
        leaves.push(count(unsent, "report unsent", "reports unsent"));
    }
    if leaves.is_empty() {
        return "Quit Fieldscan".to_owned();
    }
    format!("Quit Fieldscan ({})", leaves.join(", "))
}

/// What quitting would leave behind, in sentences; `None` if nothing goes on and all is sent and confirmed.
pub fn quit(snapshot: &Snapshot) -> Option<String> {
    let mut sentences = Vec::new();
    if snapshot.run.is_some() {
        sentences.push(
            "The scan that goes on is stopped. Subnets that are done already are kept.".to_owned(),
        );
    }
    if let unsent @ 1.. = unsent(snapshot) {
        let what = count(unsent, "report is not sent yet", "reports are not sent yet");
        let kept = if unsent == 1 { "It is" } else { "They are" };
        sentences.push(format!("{what}. {kept} kept, and sent at the next start."));
    }
    if let sent @ 1.. = u64::from(snapshot.delivery.sent) {
        let what = count(
            sent,
            "report is sent and not yet confirmed",
            "reports are sent and not yet confirmed",
        );
        sentences.push(format!(
            "{what}. Whether phpIPAM has it all is seen at the next start."
        ));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

fn unsent(snapshot: &Snapshot) -> u64 {
    u64::from(snapshot.delivery.waiting)
}
