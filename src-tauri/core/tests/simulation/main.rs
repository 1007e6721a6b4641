//! The agent in a lying world, in virtual time: crashes at any effect, lost networks, sleep and clock jumps.
//!
//! The worlds are the same in every run. `FIELDSCAN_SIMULATIONS=N` makes N of them instead of the default, and
//! `FIELDSCAN_SIMULATION_SEED=N` makes others. A world that fails is made as small as it goes and told.

mod actions;
mod database;
mod invariants;
#[path = "../plain/mod.rs"]
mod plain;
mod site;
mod world;

use std::time::Duration;

use actions::{Action, actions};
use fieldscan_core::{agent::Command, place::Surroundings, schedule::Schedule};
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use site::{ApiMode, ServerMode};
use world::{DAY, HOUR, World};

const SIMULATIONS: u32 = 2000;

#[test]
fn whatever_happens_nothing_is_lost_and_nothing_is_overtaken() {
    let cases = number("FIELDSCAN_SIMULATIONS").unwrap_or(SIMULATIONS);
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(
        &number("FIELDSCAN_SIMULATION_SEED")
            .unwrap_or(0)
            .to_le_bytes(),
    );
    let config = Config {
        cases,
        max_shrink_time: 15_000,
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, random);
    let (committed, confirmed) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let told = std::cell::Cell::new(0);
    // While a failing world is made smaller it fails hundreds of times; what is left of it is told below.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = runner.run(&(any::<u64>(), actions()), |(seed, actions)| {
        let world = simulate(seed, &actions);
        committed.set(committed.get() + world.watch.committed);
        confirmed.set(confirmed.get() + world.watch.confirmed);
        told.set(told.get() + world.watch.notices);
        Ok(())
    });
    std::panic::set_hook(hook);
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // A world in which nothing is ever delivered would prove nothing.
    assert!(
        confirmed.get() * 4 > committed.get() && committed.get() > u64::from(cases),
        "{} reports committed, {} confirmed",
        committed.get(),
        confirmed.get()
    );
    assert!(
        told.get() > u64::from(cases),
        "{} notices: nothing is proved by worlds in which nothing is told",
        told.get()
    );
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

fn simulate(seed: u64, actions: &[(u64, Action)]) -> World {
    let mut world = World::new(seed);
    for (wait, action) in actions {
        world.run_for(*wait);
        action.happens(&mut world);
        world.check();
    }
    heal(&mut world);
    world
}

/// Everything is put right; what the agent has accepted must arrive.
fn heal(world: &mut World) {
    world.dies_after = None;
    world.database.full = false;
    world.ipam.mode = ApiMode::Works;
    world.server.mode = ServerMode::Works;
    world.server.refuses_token = false;
    world.network.trouble.clear();
    world.hold_uploads = false;
    for rows in world.ipam.subnets.values_mut() {
        rows.deleted = false;
    }
    world.surround(|surroundings| *surroundings = Surroundings::default());
    world.jump(-world.clock_off);
    world.run_for(2 * HOUR);
    if world.watch.holds {
        world.command(Command::Shutdown);
        world.run_for(2 * HOUR);
    }
    world.settings.schedule = Schedule::Every(Duration::from_secs(6 * 3600));
    let settings = Box::new(world.settings.clone());
    world.command(Command::Settings(settings));
    world.command(Command::Resume);
    let runs = world.watch.scheduled_runs;
    world.run_for(3 * DAY);
    let runs = world.watch.scheduled_runs - runs;
    assert!(
        (11..=13).contains(&runs),
        "{runs} runs in three days at one in six hours: whatever the clock did, the schedule goes on"
    );
    world.command(Command::Retry(None));
    world.run_for(5 * HOUR);
    world.settings.schedule = Schedule::Off;
    let settings = Box::new(world.settings.clone());
    world.command(Command::Settings(settings));
    world.run_for(5 * HOUR);
    world.watch.all_arrived(&world.database);
}
