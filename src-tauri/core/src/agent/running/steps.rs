//! What follows in a run when a subnet's addresses are there, and when its scan has ended.

use jiff::Timestamp;

use super::Active;
use crate::{
    agent::{Agent, Effect, Freshness, Loaded, ScanEnded, ScanFailure},
    ids::SubnetId,
    place,
    plan::{self, Target},
    problem::{Problem, keeps_nmap},
    run::Outcome,
    snapshot::Stage,
};

impl Agent {
    /// A subnet's addresses are there, or can't be had.
    pub(in crate::agent) fn loaded(
        &mut self,
        loaded: Loaded,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if loaded.asked {
            self.ipam_answered(loaded.problem.as_ref(), now);
        }
        let id = loaded.subnet;
        let Some(running) = &mut self.running else {
            return;
        };
        running.offline |= loaded.problem.as_ref().is_some_and(Problem::means_offline);
        let Some(active) = running.active.remove(&id) else {
            return;
        };
        let assigned = self
            .assignment
            .as_ref()
            .and_then(|assignment| assignment.subnet(id))
            .cloned();
        let gone = Problem::SubnetGone { subnet: id };
        // Times don't tell: the clock may have been set between the two.
        let stale = !loaded.asked || loaded.problem.is_some();
        let known = match (assigned, loaded.book, loaded.problem) {
            (None, _, _) => Err(gone),
            (Some(_), _, Some(problem)) if problem == gone => Err(problem),
            (Some(subnet), Some(book), _) => Ok((subnet, book)),
            (Some(_), None, Some(problem)) if !problem.means_offline() => Err(problem),
            (Some(_), None, _) => Err(Problem::AddressesUnknown { subnet: id }),
        };
        match (active, known) {
            (Active::Preparing { .. } | Active::Finishing { .. }, Err(problem)) => {
                self.problems.raise(problem.clone(), now);
                running.end(id, Outcome::Failed { problem });
            }
            (Active::Preparing { mode }, Ok((subnet, book))) => {
                let asked = running.was_asked_for(id);
                // This machine may have been carried elsewhere since the run began.
                if let Some(why) = self.whereabouts.elsewhere(id, &self.settings)
                    && !asked
                {
                    self.lasting.missed.insert(id);
                    running.end(id, Outcome::LeftOut { why });
                    return;
                }
                match plan::target(&subnet, mode, &book.addresses, &self.settings.guard) {
                    Ok(target) => self.scan(id, target, effects),
                    Err(why) => running.end(id, Outcome::LeftOut { why }),
                }
            }
            (
                Active::Finishing {
                    target,
                    ended,
                    ended_at,
                },
                Ok((subnet, book)),
            ) => {
                let known = (book, stale, loaded.memory);
                self.conclude(&subnet, target, ended, ended_at, known, effects);
            }
            (active @ (Active::Scanning { .. } | Active::Committing { .. }), _) => {
                running.active.insert(id, active);
            }
        }
    }

    fn scan(&mut self, id: SubnetId, target: Target, effects: &mut Vec<Effect>) {
        let scan = self.next_scan_id();
        let Some(running) = &mut self.running else {
            return;
        };
        if let Some(view) = running.view_of(id) {
            view.stage = Stage::Scanning;
            view.total = target.addresses();
        }
        effects.push(Effect::Scan {
            scan,
            target: target.clone(),
            profile: self.settings.profile,
        });
        running.active.insert(id, Active::Scanning { scan, target });
        self.whereabouts.scan_begins(id);
    }

    pub(in crate::agent) fn scan_ended(
        &mut self,
        ended: ScanEnded,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(running) = &mut self.running else {
            return;
        };
        let Some(id) = running.active.iter().find_map(|(id, active)| match active {
            Active::Scanning { scan, .. } if *scan == ended.scan => Some(*id),
            _ => None,
        }) else {
            return;
        };
        let Some(Active::Scanning { target, .. }) = running.active.remove(&id) else {
            return;
        };
        if let Some(left_out) = self.was_moved(id) {
            // Whatever it found belongs to two places.
            let outcome = left_out.map_or(Outcome::Stopped, |why| Outcome::LeftOut { why });
            if let Some(running) = &mut self.running {
                running.end(id, outcome);
            }
            return;
        }
        if let Ok(hosts) = &ended.result
            && place::is_proof(hosts.iter().map(|host| host.seen_by))
        {
            self.learn(id, now);
        }
        let Some(running) = &mut self.running else {
            return;
        };
        match &ended.result {
            Ok(hosts) => {
                if let Some(view) = running.view_of(id) {
                    view.stage = Stage::Finishing;
                    view.done = view.total;
                    view.up = hosts.len() as u32;
                }
                self.problems.clear(|problem| {
                    matches!(
                        problem,
                        Problem::NmapFailed { subnet, .. }
                        | Problem::NmapHung { subnet }
                        | Problem::NoRoute { subnet }
                        | Problem::EverybodyUp { subnet, .. }
                        | Problem::AddressesUnknown { subnet }
                        | Problem::SubnetGone { subnet } if *subnet == id
                    ) || keeps_nmap(problem)
                });
                if ended.rights.are_raw() {
                    self.problems
                        .clear(|problem| matches!(problem, Problem::NmapUnprivileged));
                } else {
                    self.problems.raise(Problem::NmapUnprivileged, now);
                }
                let accepted = &self.settings.accept_everything_up;
                if let Some(seen) = plan::everybody_up(&target, hosts)
                    && !plan::accepts_everybody(accepted, &target.network)
                {
                    let subnet = running.subnets.get(&id);
                    let problem = Problem::EverybodyUp {
                        subnet: id,
                        cidr: subnet.map(|subnet| subnet.cidr.clone()).unwrap_or_default(),
                        up: seen.up,
                        of: seen.of,
                        by: seen.by,
                    };
                    self.problems.raise(problem.clone(), now);
                    running.end(id, Outcome::Failed { problem });
                    effects.push(Effect::Discard(id));
                    return;
                }
                let freshness = if running.offline || running.stopping {
                    Freshness::Cached
                } else {
                    Freshness::Since(now)
                };
                running.active.insert(
                    id,
                    Active::Finishing {
                        target,
                        ended,
                        ended_at: now,
                    },
                );
                effects.push(Effect::LoadAddresses {
                    subnet: id,
                    freshness,
                });
            }
            Err(ScanFailure::Stopped) => running.end(id, Outcome::Stopped),
            Err(ScanFailure::Failed(problem)) => {
                self.problems.raise(problem.clone(), now);
                let problem = problem.clone();
                running.end(id, Outcome::Failed { problem });
            }
        }
    }
}
