//! What the person is told: held back until it can be told at once, and never again within a day.

use jiff::Timestamp;

use super::{Agent, Effect};
use crate::{
    delivery::{Report, State},
    notice::{Category, News, Notice, Outage, Thing, to_the_millisecond},
    present::{self, Text},
    problem::{Problem, Severity, Standing, Subject},
    snapshot::Snapshot,
};

impl Agent {
    /// Tells what is to be told now. A category that is switched off tells nothing.
    pub(super) fn tell(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.ending {
            // Nobody would see it any more; what stands or was found is told by the next process.
            return;
        }
        let problems = self.problems.sorted();
        let stands = problems
            .iter()
            .filter(|standing| standing.problem.severity() == Severity::NeedsPerson)
            .map(|standing| Thing::problem(&standing.problem))
            .chain(Outage::begun(&problems).map(|_| Thing::offline()))
            .collect();
        self.told.forget(&stands, now);
        self.tell_findings(now, effects);
        self.tell_arrived(&problems, now, effects);
        self.tell_offline(&problems, now, effects);
        self.tell_problems(&problems, now, effects);
    }

    /// A try to reach a server failed.
    pub(super) fn tried_in_vain(&mut self, problem: &Problem, now: Timestamp) {
        let server = matches!(problem.subject(), Subject::Ipam | Subject::Server);
        if server && problem.severity() == Severity::Waiting {
            let (first, _) = self.tried_in_vain.unwrap_or((now, now));
            self.tried_in_vain = Some((first.min(now), now));
        }
    }

    /// A report's state changed.
    pub(super) fn report_changed(&mut self, report: &Report) {
        if let (State::Confirmed { .. }, Some(outage)) = (&report.state, &mut self.lasting.outage) {
            outage.arrived += 1;
        }
    }

    fn tell_findings(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.lasting.news.is_empty() || self.running.is_some() {
            return;
        }
        let news = News::untold(std::mem::take(&mut self.lasting.news), &self.told, now);
        if !news.is_empty() {
            let things = News::things(&news);
            let words = || present::digest(&news);
            self.notify(Category::Findings, things, words, now, effects);
        }
    }

    fn tell_arrived(&mut self, problems: &[Standing], now: Timestamp, effects: &mut Vec<Effect>) {
        let delivery = self.outbox.view();
        let under_way = delivery.waiting > 0 || delivery.sent > 0;
        let since = Outage::begun(problems);
        if let Some(over) = Outage::follow(&mut self.lasting.outage, since, under_way, now) {
            let things = vec![Thing::arrived(over.since)];
            let words = || present::arrived(over.arrived, over.length());
            self.notify(Category::Delivered, things, words, now, effects);
        }
    }

    fn tell_offline(&mut self, problems: &[Standing], now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(since) = Outage::begun(problems) else {
            self.tried_in_vain = None;
            return;
        };
        let Some(lasted) = Outage::is_long(since, self.tried_in_vain) else {
            return;
        };
        if self.told.standing(&Thing::offline(), since, now) {
            return;
        }
        let (snapshot, zone) = (self.snapshot(now), self.options.zone.clone());
        let words = || present::offline(lasted, &snapshot, now, &zone);
        self.notify(
            Category::Delivered,
            vec![Thing::offline()],
            words,
            now,
            effects,
        );
    }

    /// Problems that need the person. Those of subnets are told at once when the run is over, and those of reports when
    /// nothing is being sent any more either.
    fn tell_problems(&mut self, problems: &[Standing], now: Timestamp, effects: &mut Vec<Effect>) {
        let (mut subnets, mut reports, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for Standing { problem, since } in problems {
            if problem.severity() != Severity::NeedsPerson {
                continue;
            }
            let list = match problem.subject() {
                Subject::Subnet(_) => &mut subnets,
                Subject::Report(_) => &mut reports,
                // What was never entered is asked for by the set-up, and no surprise.
                Subject::Ipam | Subject::Server | Subject::Nmap | Subject::Machine
                    if self.assignment.is_none() && present::is_about_setup(problem) =>
                {
                    continue;
                }
                Subject::Ipam | Subject::Server | Subject::Nmap | Subject::Machine => &mut others,
            };
            let thing = Thing::problem(problem);
            if !self.told.standing(&thing, *since, now) {
                list.push((thing, problem));
            }
        }
        if self.running.is_some() {
            subnets.clear();
        }
        if self.running.is_some() || self.outbox.is_sending() {
            reports.clear();
        }
        if subnets.is_empty() && reports.is_empty() && others.is_empty() {
            return;
        }
        let snapshot = self.snapshot(now);
        for (thing, problem) in others {
            let words = || present::problem_notice(problem, &snapshot);
            self.notify(Category::Problems, vec![thing], words, now, effects);
        }
        if !subnets.is_empty() {
            let (things, problems): (Vec<_>, Vec<_>) = subnets.into_iter().unzip();
            let words = || present::subnets_notice(&problems, &snapshot);
            self.notify(Category::Problems, things, words, now, effects);
        }
        if !reports.is_empty() {
            self.tell_reports(reports, &snapshot, now, effects);
        }
    }

    fn tell_reports(
        &mut self,
        reports: Vec<(Thing, &Problem)>,
        snapshot: &Snapshot,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let (things, problems): (Vec<_>, Vec<_>) = reports.into_iter().unzip();
        let record = |problem: &Problem| match problem.subject() {
            Subject::Report(id) => self.outbox.report(id).cloned(),
            Subject::Subnet(_)
            | Subject::Ipam
            | Subject::Server
            | Subject::Nmap
            | Subject::Machine => None,
        };
        let records: Vec<_> = problems.iter().map(|problem| record(problem)).collect();
        let zone = self.options.zone.clone();
        let words = || {
            let records = records.iter().map(Option::as_ref);
            let with: Vec<_> = problems.into_iter().zip(records).collect();
            present::reports_notice(&with, snapshot, now, &zone)
        };
        self.notify(Category::Reports, things, words, now, effects);
    }

    fn notify(
        &mut self,
        category: Category,
        things: Vec<Thing>,
        words: impl FnOnce() -> Text,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if !self.settings.notify.on(category) {
            return;
        }
        let Text {
            title,
            text,
            facts,
            page,
        } = words();
        self.last_ids.notice.0 += 1;
        let notice = Notice {
            id: self.last_ids.notice,
            at: to_the_millisecond(now),
            category,
            title,
            text,
            facts: Some(facts),
            page,
            things,
        };
        self.told.add(&notice);
        self.lists.notices = self.revision;
        effects.push(Effect::Notify(Box::new(notice)));
    }
}
