//! Which name server is asked next for an address, and which is not asked any more. Asks nobody.

/// Questions without an answer in a row after which a server is asked no more.
const SILENT: u32 = 8;
/// How often one question is put to one server.
const TRIES: u8 = 2;

/// What an attempt says of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Alive,
    Silent,
}

/// A subnet's name servers, in the order in which they are asked.
#[derive(Debug)]
pub(super) struct Breaker {
    /// Of each server, how many questions in a row it has left without an answer; `None` once it is not asked any more.
    silent: Vec<Option<u32>>,
}

impl Breaker {
    pub(super) fn new(servers: usize) -> Self {
        Self {
            silent: vec![Some(0); servers],
        }
    }

    /// The server to ask next, given how often each has been asked already: the first that has been asked least.
    pub(super) fn next(&self, asked: &[u8]) -> Option<usize> {
        let servers = self.silent.iter().zip(asked).enumerate();
        servers
            .filter(|(_, (silent, tries))| silent.is_some() && **tries < TRIES)
            .min_by_key(|(at, (_, tries))| (**tries, *at))
            .map(|(at, _)| at)
    }

    /// Takes an attempt's verdict; whether the server is not asked any more from now on.
    pub(super) fn judge(&mut self, at: usize, verdict: Verdict) -> bool {
        let Some(silent) = self.silent.get_mut(at) else {
            return false;
        };
        let before = *silent;
        *silent = match (before, verdict) {
            // An answer that was late is one all the same.
            (_, Verdict::Alive) => Some(0),
            (Some(silent), Verdict::Silent) if silent + 1 < SILENT => Some(silent + 1),
            (Some(_) | None, Verdict::Silent) => None,
        };
        before.is_some() && silent.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_asked_in_order_and_once_more_each() {
        let breaker = Breaker::new(2);
        let mut asked = [0, 0];
        let mut order = Vec::new();
        while let Some(at) = breaker.next(&asked) {
            asked[at] += 1;
            order.push(at);
        }
        assert_eq!(order, [0, 1, 0, 1]);
    }

    #[test]
    fn a_server_that_keeps_silent_is_asked_no_more_until_it_answers() {
        let mut breaker = Breaker::new(2);
        for n in 1..SILENT {
            assert!(!breaker.judge(0, Verdict::Silent), "after {n}");
        }
        assert!(breaker.judge(0, Verdict::Silent));
        assert!(!breaker.judge(0, Verdict::Silent), "that is said once");
        assert_eq!(breaker.next(&[0, 0]), Some(1));
        assert_eq!(breaker.next(&[0, 2]), None);
        assert!(!breaker.judge(0, Verdict::Alive));
        assert_eq!(breaker.next(&[0, 0]), Some(0));
    }

    #[test]
    fn lost_answers_now_and_then_are_no_silence() {
        let mut breaker = Breaker::new(1);
        for n in 0..1_000 {
            let verdict = match n % 5 {
                0 => Verdict::Alive,
                _ => Verdict::Silent,
            };
            assert!(!breaker.judge(0, verdict));
        }
        assert_eq!(breaker.next(&[0]), Some(0));
    }
}
