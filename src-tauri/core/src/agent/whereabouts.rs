//! Where this machine is: what that holds back, which subnets belong to which site, and what follows when it changes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;

use super::{Agent, Effect, running::Running};
use crate::{
    ids::SubnetId,
    place::{Binding, Held, PlaceChange, Site, Spot, Surroundings, can_be_learned, name_for},
    plan::LeftOut,
    run::Trigger,
    schedule::{Schedule, later, reached},
    settings::Settings,
    snapshot::{HereView, SurroundingsView},
};

/// How long after waking up nothing is begun unless the system says that the network is there.
const SETTLE: Duration = Duration::from_secs(15);
/// Back-offs are passed over for a new network at most this often: a network that comes and goes must not hammer a server.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// While all subnets are elsewhere, phpIPAM is asked for new ones at most this often.
const LOOK_AGAIN: Duration = Duration::from_secs(600);
/// Longest name of a site, in characters.
const LONGEST_NAME: usize = 100;

/// Where this machine is, and where the subnets are.
#[derive(Debug, Default)]
pub(super) struct Whereabouts {
    surroundings: Surroundings,
    /// Whether the system has said anything yet.
    told: bool,
    /// The last place that was known.
    last_spot: Option<Spot>,
    /// It has just woken up: until then the network may be on its way.
    settling_until: Option<Timestamp>,
    bindings: BTreeMap<SubnetId, Binding>,
    /// Bindings that are not yet given to be saved.
    changed: BTreeSet<SubnetId>,
    /// Where the scans that go on began.
    begun_at: BTreeMap<SubnetId, Spot>,
    /// Subnets whose scan is being stopped, since this machine went elsewhere during it.
    moved: BTreeSet<SubnetId>,
    /// The network is another one: what waits is tried at this time.
    try_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
    look_at: Option<Timestamp>,
}

impl Whereabouts {
    pub(super) fn new(bindings: BTreeMap<SubnetId, Binding>) -> Self {
        Self {
            bindings,
            ..Self::default()
        }
    }

    pub(super) fn bindings(&self) -> &BTreeMap<SubnetId, Binding> {
        &self.bindings
    }

    /// Bindings of another phpIPAM say nothing here.
    pub(super) fn forget_all(&mut self) {
        self.bindings.clear();
        self.changed.clear();
    }

    /// The site of a subnet, if this machine is at another one.
    pub(super) fn elsewhere(&self, id: SubnetId, settings: &Settings) -> Option<LeftOut> {
        let binding = self.bindings.get(&id).filter(|_| settings.right_place)?;
        let site = binding.elsewhere(&self.surroundings)?.name.clone();
        Some(LeftOut::Elsewhere { site })
    }

    /// A scan of the subnet begins.
    pub(super) fn scan_begins(&mut self, id: SubnetId) {
        self.moved.remove(&id);
        match self.surroundings.here() {
            Some(spot) => self.begun_at.insert(id, spot),
            None => self.begun_at.remove(&id),
        };
    }

    /// Whether nothing can be sent: there is no network, or it may not yet be there.
    pub(super) fn is_offline(&self, now: Timestamp) -> bool {
        self.surroundings.online == Some(false) || self.is_settling(now)
    }

    /// When something is to be looked at again.
    pub(super) fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let settled = self.settling_until.filter(|_| self.is_settling(now));
        let try_at = self.try_at.filter(|_| !self.is_offline(now));
        settled.into_iter().chain(try_at).min()
    }

    fn is_settling(&self, now: Timestamp) -> bool {
        self.settling_until.is_some_and(|until| {
            // A clock that was set back meanwhile must not make it longer.
            !reached(until, now) && until <= later(now, SETTLE)
        })
    }

    fn bind(&mut self, id: SubnetId, binding: Option<Binding>) {
        match binding {
            Some(binding) => self.bindings.insert(id, binding),
            None => self.bindings.remove(&id),
        };
        self.changed.insert(id);
    }

    fn name_of(&self, spot: &Spot) -> Option<&str> {
        let mut all = self.bindings.values().map(|binding| &binding.site);
        Some(&all.find(|site| site.spot == *spot)?.name)
    }
}

impl Agent {
    /// The same agent in these surroundings, without anything done about them: for a look from outside.
    #[must_use]
    pub fn surrounded(mut self, surroundings: Surroundings) -> Self {
        self.whereabouts.surroundings = surroundings;
        self
    }

    /// The system says something new of network or power.
    pub(super) fn surrounded_by(
        &mut self,
        surroundings: Surroundings,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let whereabouts = &mut self.whereabouts;
        let old = std::mem::replace(&mut whereabouts.surroundings, surroundings);
        let new = &whereabouts.surroundings;
        if new.online == Some(true) {
            // It says so after waking up.
            whereabouts.settling_until = None;
        }
        let is_back = old.online == Some(false) && new.online != Some(false);
        let here = new.here();
        let is_other = here.is_some() && here != whereabouts.last_spot;
        whereabouts.last_spot = here.or(whereabouts.last_spot);
        if std::mem::replace(&mut whereabouts.told, true) && (is_back || is_other) {
            let earliest = whereabouts.tried_at.map_or(now, |at| later(at, TRY_AGAIN));
            whereabouts.try_at = Some(earliest.clamp(now, later(now, TRY_AGAIN)));
        }
        if self.settings.right_place {
            self.stop_scans_of_the_place_before(effects);
        }
    }

    /// The machine slept, or its clock jumped.
    pub(super) fn woke(&mut self, now: Timestamp) {
        self.wake_at = None;
        if self.options.scheduled {
            self.whereabouts.settling_until = Some(later(now, SETTLE));
        }
    }

    /// What keeps scheduled runs from beginning.
    pub(super) fn held(&self, now: Timestamp) -> Option<Held> {
        if self.whereabouts.is_settling(now) {
            return Some(Held::Network);
        }
        let held = self.whereabouts.surroundings.holds(&self.settings);
        held.or_else(|| self.all_elsewhere())
    }

    fn all_elsewhere(&self) -> Option<Held> {
        let mut sites = Vec::new();
        for (id, _) in self.survey.iter().filter(|(_, plan)| plan.is_ok()) {
            match self.whereabouts.elsewhere(*id, &self.settings) {
                Some(LeftOut::Elsewhere { site }) => {
                    if !sites.contains(&site) {
                        sites.push(site);
                    }
                }
                Some(_) | None => return None,
            }
        }
        (!sites.is_empty()).then_some(Held::Elsewhere { sites })
    }

    /// A scheduled run is due, and all subnets are elsewhere: there may be new ones that are here.
    pub(super) fn look_for_new_subnets(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let look_at = self.whereabouts.look_at;
        if self.fetching || look_at.is_some_and(|at| !reached(at, now)) {
            return;
        }
        self.whereabouts.look_at = Some(later(now, self.look_again()));
        let fetched_at = self.assignment.as_ref().map(|all| all.fetched_at);
        if fetched_at.is_none_or(|at| self.is_stale(at, now)) {
            self.fetching = true;
            effects.push(Effect::FetchAssignment);
        }
    }

    /// When that is done again.
    pub(super) fn look_at(&self, now: Timestamp) -> Timestamp {
        let at = self.whereabouts.look_at.filter(|at| !reached(*at, now));
        at.unwrap_or_else(|| later(now, self.look_again()))
    }

    fn look_again(&self) -> Duration {
        self.settings.cache_expire_time.max(LOOK_AGAIN)
    }

    /// Subnets that a run left out because they were elsewhere, and that can be scanned now.
    pub(super) fn missed_here(&self) -> Vec<SubnetId> {
        if self.settings.schedule == Schedule::Off {
            return Vec::new();
        }
        let plans = self.survey.iter().filter(|(_, plan)| plan.is_ok());
        plans
            .map(|(id, _)| *id)
            .filter(|id| self.lasting.missed.contains(id))
            .filter(|id| self.whereabouts.elsewhere(*id, &self.settings).is_none())
            .collect()
    }

    /// Passes over back-offs when the network is another one.
    pub(super) fn try_again(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let due = self.whereabouts.try_at.is_some_and(|at| reached(at, now));
        if !due || self.whereabouts.is_offline(now) {
            return;
        }
        self.whereabouts.try_at = None;
        self.whereabouts.tried_at = Some(now);
        let mut changes = Vec::new();
        self.outbox.network_changed(now, &mut changes);
        self.apply(changes, now, effects);
    }

    /// What was scanned so far belongs to another place than what would follow.
    fn stop_scans_of_the_place_before(&mut self, effects: &mut Vec<Effect>) {
        let Some(running) = &self.running else {
            return;
        };
        let whereabouts = &mut self.whereabouts;
        if whereabouts.surroundings.here().is_none() {
            return;
        }
        for (id, scan) in running.scans() {
            let begun_at = whereabouts.begun_at.get(&id);
            let went = begun_at.is_some_and(|spot| !whereabouts.surroundings.is_at(spot));
            if went && whereabouts.moved.insert(id) {
                effects.push(Effect::StopScan(scan));
            }
        }
    }

    /// A scan of a subnet has ended. Returns how it is left out, if this machine went elsewhere during it.
    pub(super) fn was_moved(&mut self, id: SubnetId) -> Option<Option<LeftOut>> {
        let moved = self.whereabouts.moved.remove(&id);
        moved.then(|| {
            let left_out = self.whereabouts.elsewhere(id, &self.settings);
            if left_out.is_some() {
                self.lasting.missed.insert(id);
            }
            left_out
        })
    }

    /// Somebody answered in a scan of a subnet: it can be scanned from here.
    pub(super) fn learn(&mut self, id: SubnetId, now: Timestamp) {
        let begun_at = self.whereabouts.begun_at.remove(&id);
        let Some(spot) = begun_at.filter(|spot| self.settings.right_place && can_be_learned(spot))
        else {
            return;
        };
        if self.whereabouts.surroundings.here() != Some(spot) {
            return;
        }
        let asked = self
            .running
            .as_ref()
            .is_some_and(|run| run.was_asked_for(id));
        let may_bind = match self.whereabouts.bindings.get(&id) {
            None => true,
            Some(binding) => {
                asked
                    && !binding.chosen
                    && binding.elsewhere(&self.whereabouts.surroundings).is_some()
            }
        };
        if may_bind {
            self.bind_here(id, spot, false, now);
        }
    }

    /// A person says where a subnet can be scanned.
    pub(super) fn place(&mut self, id: SubnetId, change: PlaceChange, now: Timestamp) {
        match change {
            PlaceChange::Here => {
                if let Some(spot) = self.whereabouts.surroundings.here() {
                    self.bind_here(id, spot, true, now);
                }
            }
            PlaceChange::Forget => {
                self.lasting.missed.remove(&id);
                if self.whereabouts.bindings.contains_key(&id) {
                    self.whereabouts.bind(id, None);
                }
            }
            PlaceChange::Name(name) => {
                let name: String = name.trim().chars().take(LONGEST_NAME).collect();
                let binding = self.whereabouts.bindings.get(&id);
                let Some(spot) = binding.map(|binding| binding.site.spot) else {
                    return;
                };
                if name.is_empty() {
                    return;
                }
                for (id, binding) in &mut self.whereabouts.bindings {
                    if binding.site.spot == spot && binding.site.name != name {
                        binding.site.name.clone_from(&name);
                        self.whereabouts.changed.insert(*id);
                    }
                }
            }
        }
    }

    fn bind_here(&mut self, id: SubnetId, spot: Spot, chosen: bool, now: Timestamp) {
        let Some(assignment) = &self.assignment else {
            return;
        };
        if assignment.subnet(id).is_none() {
            return;
        }
        let name = self.whereabouts.name_of(&spot).map(ToOwned::to_owned);
        let assigned = assignment
            .subnets
            .iter()
            .map(|subnet| (subnet.id, subnet.network, subnet.description.as_str()));
        let name = name.unwrap_or_else(|| name_for(&spot, id, assigned));
        let name = name.chars().take(LONGEST_NAME).collect();
        let binding = Binding {
            site: Site { spot, name },
            chosen,
            since: now,
        };
        self.whereabouts.bind(id, Some(binding));
    }

    /// Has the bindings saved that changed.
    pub(super) fn save_places(&mut self, effects: &mut Vec<Effect>) {
        let changed = std::mem::take(&mut self.whereabouts.changed);
        if !changed.is_empty() {
            effects.push(Effect::SavePlaces(self.places_of(changed)));
        }
    }

    /// The present bindings of these subnets; `None` for those that have none any more.
    pub(super) fn places_of(&self, ids: BTreeSet<SubnetId>) -> BTreeMap<SubnetId, Option<Binding>> {
        let binding = |id| self.whereabouts.bindings.get(&id).cloned();
        ids.into_iter().map(|id| (id, binding(id))).collect()
    }

    /// What a view may show of it.
    pub(super) fn surroundings_view(&self) -> SurroundingsView {
        let Surroundings {
            online,
            networks: _,
            metered,
            battery,
        } = &self.whereabouts.surroundings;
        let here = self.whereabouts.surroundings.here();
        SurroundingsView {
            online: *online,
            metered: *metered,
            battery: *battery,
            here: here.map(|spot| HereView {
                spot,
                name: self.whereabouts.name_of(&spot).map(ToOwned::to_owned),
            }),
        }
    }

    /// What holds a scheduled run back that would go on otherwise. That all subnets are elsewhere is told before one is due.
    pub(super) fn held_view(&self, now: Timestamp) -> Option<Held> {
        if self.lasting.paused.is_some() || !self.options.scheduled || self.running.is_some() {
            return None;
        }
        let due = self.due(now).ok().flatten()?;
        let held = self.held(now)?;
        let shown = match &held {
            Held::Elsewhere { .. } => true,
            Held::Network | Held::Battery { .. } | Held::Metered => {
                due.at <= now || !self.missed_here().is_empty()
            }
        };
        shown.then_some(held)
    }
}

impl Running {
    /// Whether a person asked for this very subnet.
    pub(super) fn is_asked(trigger: Trigger, scope: &super::Scope) -> bool {
        match (trigger, scope) {
            (Trigger::Person, super::Scope::Networks(_) | super::Scope::Subnets(_)) => true,
            (Trigger::Person, super::Scope::All) | (Trigger::Schedule | Trigger::CatchUp, _) => {
                false
            }
        }
    }
}
