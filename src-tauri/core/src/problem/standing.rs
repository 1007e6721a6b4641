//! The problems that stand at present, and since when.

use serde::{Deserialize, Serialize};

use super::Problem;

/// A problem that stands at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The problem.
    #[serde(flatten)]
    pub problem: Problem,
    /// Since when.
    pub since: jiff::Timestamp,
}

/// The problems that stand at present: at most one of each code and subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Standing>);

impl Problems {
    /// Takes up what an earlier process left.
    pub fn restore(standing: Vec<Standing>) -> Self {
        Self(standing)
    }

    /// Raises a problem, or refreshes its facts; its `since` stays. Returns whether anything changed.
    pub fn raise(&mut self, problem: Problem, now: jiff::Timestamp) -> bool {
        if keeps_nmap(&problem) {
            // There is one nmap, and this is what is wrong with it now.
            self.0.retain(|standing| {
                !keeps_nmap(&standing.problem)
                    || std::mem::discriminant(&standing.problem) == std::mem::discriminant(&problem)
            });
        }
        let same = |standing: &&mut Standing| {
            standing.problem.subject() == problem.subject()
                && std::mem::discriminant(&standing.problem) == std::mem::discriminant(&problem)
        };
        match self.0.iter_mut().find(same) {
            Some(standing) if standing.problem == problem => false,
            Some(standing) => {
                standing.problem = problem;
                true
            }
            None => {
                self.0.push(Standing {
                    problem,
                    since: now,
                });
                true
            }
        }
    }

    /// Clears those that only tell of something past, once they are old.
    pub fn forget_old(&mut self, now: jiff::Timestamp) {
        const OLD: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);
        self.0.retain(|standing| match standing.problem {
            Problem::StoreSetAside { .. } => !standing
                .since
                .saturating_add(OLD)
                .is_ok_and(|until| until <= now),
            _ => true,
        });
    }

    /// Clears those that are over. Returns whether anything changed.
    pub fn clear(&mut self, over: impl Fn(&Problem) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(|standing| !over(&standing.problem));
        self.0.len() != before
    }

    /// All of them, the gravest first, then the oldest.
    pub fn sorted(&self) -> Vec<Standing> {
        let mut all = self.0.clone();
        all.sort_by_key(|standing| {
            (
                std::cmp::Reverse(standing.problem.severity()),
                standing.since,
            )
        });
        all
    }
}

/// Whether there is no nmap that could be run.
pub(crate) fn keeps_nmap(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::NmapMissing | Problem::NmapUnusable { .. } | Problem::NmapTooOld { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_nmap_takes_the_place_of_what_was() {
        let mut problems = Problems::default();
        let now = jiff::Timestamp::UNIX_EPOCH;
        problems.raise(Problem::NmapMissing, now);
        let unusable = Problem::NmapUnusable {
            path: "/bin/true".into(),
            program: true,
        };
        problems.raise(unusable.clone(), now);
        let standing: Vec<Problem> = problems.sorted().into_iter().map(|it| it.problem).collect();
        assert_eq!(standing, [unusable], "two truths about one nmap mislead");
    }
}
