import { beforeEach, expect, it } from 'vitest';

import { use, type DoctorStep, type StepId } from '../host';
import { FakeAgent, optionsOf } from '../host/fake';
import { Doctor } from './doctor.svelte';

/** The tests that were begun, in their order. */
let begun: { ended: (step: DoctorStep) => void; finish: (steps: DoctorStep[]) => void; refuse: () => void }[];

beforeEach(() => {
  begun = [];
  const testEverything = (ended: (step: DoctorStep) => void) =>
    new Promise<DoctorStep[]>((finish, reject) => begun.push({ ended, finish, refuse: () => reject({ code: 'nmap-missing', what: 'x', remedy: 'y' }) }));
  use(Object.assign(Object.create(new FakeAgent(optionsOf(new URLSearchParams('frozen')))), { testEverything }));
});

const step = (id: StepId): DoctorStep => ({ id, title: '', outcome: 'ok' });
const nth = (index: number) => begun[index] as (typeof begun)[number];

it('shows only the steps of its own test', () => {
  const [first, second] = [new Doctor(), new Doctor()];
  void first.run();
  void second.run();
  nth(0).ended(step('clock'));
  nth(1).ended(step('settings'));
  expect([[...first.steps.keys()], [...second.steps.keys()]]).toEqual([['clock'], ['settings']]);
});

it('hears nothing more of a test that was left, and can begin another', async () => {
  const doctor = new Doctor();
  const left = doctor.run();
  nth(0).ended(step('settings'));
  doctor.leave();
  expect(doctor.running).toBe(false);
  const again = doctor.run();
  nth(0).ended(step('clock'));
  nth(0).finish([step('clock')]);
  await left;
  expect([[...doctor.steps.keys()], doctor.running], 'the first test is not its own any more').toEqual([[], true]);
  nth(1).finish([step('nmap')]);
  await again;
  expect([[...doctor.steps.keys()], doctor.running]).toEqual([['nmap'], false]);
});

it('does not show why a test failed that was left', async () => {
  const doctor = new Doctor();
  const left = doctor.run();
  doctor.leave();
  nth(0).refuse();
  await left;
  expect(doctor.refusal).toBeNull();
});

it('keeps to the whole once that is told', async () => {
  const doctor = new Doctor();
  const run = doctor.run();
  nth(0).finish([{ ...step('settings'), outcome: 'failed' }]);
  await run;
  nth(0).ended(step('settings'));
  expect(doctor.failed).toBe(1);
});
