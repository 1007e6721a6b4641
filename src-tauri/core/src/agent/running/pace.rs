//! How fast a run gets on, and how long it will still take.

use std::time::Duration;

use jiff::Timestamp;

/// What has been done before is only an anecdote.
const LEAST_WORK: Duration = Duration::from_secs(5);
const LEAST_DONE: u32 = 16;
/// A gap between two looks that is longer counts as this long: the machine slept, or its clock was set.
const LONGEST_GAP: Duration = Duration::from_secs(60);
/// As long as the estimate differs by less than this share from what is shown, the shown time simply runs down.
const STEADY: f64 = 0.15;
/// Beyond that, so much of the difference is made good with each look.
const CATCH_UP: f64 = 0.2;

/// Watches a run's progress.
#[derive(Debug, Default)]
pub(super) struct Pace {
    looked_at: Option<Timestamp>,
    /// Time in which work was done.
    worked: Duration,
    /// Addresses that count as done at the first look.
    base: u32,
    shown: Option<Duration>,
}

impl Pace {
    /// Takes a look: so much was scanned by now, and so much is left.
    pub(super) fn look(&mut self, done: u32, left: u32, now: Timestamp) {
        let Some(before) = self.looked_at.replace(now) else {
            self.base = done;
            return;
        };
        let gap = Duration::try_from(now.duration_since(before)).unwrap_or_default();
        let passed = gap.min(LONGEST_GAP);
        if done <= self.base {
            // Nothing is scanned yet: reading addresses says nothing of the pace.
            return;
        }
        self.worked += passed;
        let done = done - self.base;
        if self.worked < LEAST_WORK || done < LEAST_DONE {
            return;
        }
        let estimate = self.worked.mul_f64(f64::from(left) / f64::from(done));
        self.shown = Some(match self.shown {
            None => estimate,
            Some(shown) => {
                let run_down = shown.saturating_sub(passed);
                let (to, from) = (estimate.as_secs_f64(), run_down.as_secs_f64());
                if (to - from).abs() <= to * STEADY {
                    run_down
                } else {
                    // The more time passes between looks, the more is made good.
                    let share = 1.0 - (1.0 - CATCH_UP).powf(passed.as_secs_f64());
                    Duration::from_secs_f64((from + (to - from) * share).max(0.0))
                }
            }
        });
    }

    /// How long it will still take, as of the last look.
    pub(super) fn eta(&self) -> Option<Duration> {
        self.shown
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs_f64(second)
    }

    #[test]
    fn an_even_pace_is_told_right_and_runs_down() {
        let mut pace = Pace::default();
        let mut before: Option<Duration> = None;
        for second in 0_u32..=100 {
            pace.look(second * 10, 1_000 - second * 10, at(second.into()));
            let Some(eta) = pace.eta() else {
                assert!(second < 10, "after {second} s it can be told");
                continue;
            };
            let truth = f64::from(100 - second);
            assert!(
                (eta.as_secs_f64() - truth).abs() <= 2.0,
                "{eta:?} told, {truth} s left"
            );
            assert!(before.is_none_or(|before| eta <= before), "it runs down");
            before = Some(eta);
        }
    }

    #[test]
    fn nothing_is_told_from_next_to_nothing() {
        let mut pace = Pace::default();
        pace.look(0, 1_000, at(0.0));
        pace.look(500, 500, at(1.0));
        assert_eq!(pace.eta(), None, "one second is too short");
        let mut pace = Pace::default();
        pace.look(0, 1_000, at(0.0));
        pace.look(0, 1_000, at(300.0));
        pace.look(3, 997, at(310.0));
        assert_eq!(pace.eta(), None, "three addresses are too few");
    }

    #[test]
    fn a_night_asleep_is_no_work() {
        let mut pace = Pace::default();
        for second in 0_u32..=50 {
            pace.look(second * 10, 1_000 - second * 10, at(second.into()));
        }
        let before = pace.eta().unwrap();
        pace.look(510, 490, at(8.0 * 3_600.0));
        let after = pace.eta().unwrap();
        assert!(
            after <= before + Duration::from_secs(60),
            "{before:?} was left before the night, {after:?} after it"
        );
        pace.look(520, 480, at(10.0));
        assert!(
            pace.eta().is_some(),
            "a clock that was set back harms nothing"
        );
    }

    proptest! {
        #[test]
        fn it_does_not_jump(steps in proptest::collection::vec((0_u32..60, 1_u32..20), 10..200)) {
            let mut pace = Pace::default();
            let (mut done, mut second) = (0, 0.0);
            let total: u32 = steps.iter().map(|step| step.0).sum();
            let mut before: Option<Duration> = None;
            for (step, tenths) in steps {
                done += step;
                second += f64::from(tenths) / 10.0;
                pace.look(done, total - done, at(second));
                if let (Some(before), Some(now)) = (before, pace.eta()) {
                    let estimate = second * f64::from(total) / f64::from(done.max(1));
                    let most = before.as_secs_f64() + estimate * 0.4;
                    prop_assert!(now.as_secs_f64() <= most, "{before:?}, then {now:?}");
                }
                before = pace.eta();
            }
        }
    }
}
