import { expect, it, vi } from 'vitest';

import { use } from '../host';
import { FakeAgent, optionsOf } from '../host/fake';
import { RunDetails } from './rundetails.svelte';

it('reads every run once, however often it is wanted meanwhile', async () => {
  const fake = new FakeAgent(optionsOf(new URLSearchParams('frozen')));
  const asked = vi.spyOn(fake, 'run');
  use(fake);
  const ids = (await fake.runs(60)).map((run) => run.id);
  const details = new RunDetails();
  details.want(ids);
  // As the history does each time one of them arrived.
  const stop = $effect.root(() => {
    $effect(() => {
      void details.byId;
      details.want(ids);
    });
  });
  await vi.waitFor(() => expect(details.has(ids)).toBe(true));
  stop();
  expect(ids).toHaveLength(60);
  expect(asked.mock.calls.length, 'one call for each run').toBe(60);
});
