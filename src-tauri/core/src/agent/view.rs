//! What a view may show of the agent.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Agent, running::Running};
use crate::snapshot::{IpamView, PlanView, Snapshot, SubnetView};

impl Agent {
    /// All that a view may show.
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        let fetched_at = self.assignment.as_ref().map(|all| all.fetched_at);
        let next_run = match self.lasting.paused {
            Some(_) => None,
            None if self.options.scheduled => self.due(now).ok().flatten().map(|due| due.at),
            None => None,
        };
        let held = self.held_view(now);
        // When it will begin can't be known.
        let next_run = next_run.filter(|at| held.is_none() || *at > now);
        Snapshot {
            revision: self.revision,
            run: self.running.as_ref().map(Running::view),
            last_run: self.last_run.clone(),
            subnets: self.subnet_views(),
            ipam: IpamView {
                fetched_at,
                stale: fetched_at.is_some_and(|at| self.is_stale(at, now)),
                offline: self.ipam_offline,
                fetching: self.fetching,
            },
            delivery: self.outbox.view(),
            next_run,
            paused: self.lasting.paused,
            held,
            surroundings: self.surroundings_view(),
            places: self.whereabouts.bindings().clone(),
            problems: self.problems.sorted(),
            lists: self.lists,
        }
    }

    fn subnet_views(&self) -> Vec<SubnetView> {
        let Some(assignment) = &self.assignment else {
            return Vec::new();
        };
        let plans: BTreeMap<_, _> = self.survey.iter().map(|(id, plan)| (id, plan)).collect();
        assignment
            .subnets
            .iter()
            .filter_map(|subnet| {
                Some(SubnetView {
                    id: subnet.id,
                    cidr: subnet.cidr.clone(),
                    network: subnet.network,
                    description: subnet.description.clone(),
                    plan: match plans.get(&subnet.id)? {
                        Ok(mode) => match self.whereabouts.elsewhere(subnet.id, &self.settings) {
                            Some(elsewhere) => PlanView::LeftOut(elsewhere),
                            None => PlanView::Scanned(*mode),
                        },
                        Err(why) => PlanView::LeftOut(why.clone()),
                    },
                    last_scan: self.last_scans.get(&subnet.id).copied(),
                })
            })
            .collect()
    }
}
