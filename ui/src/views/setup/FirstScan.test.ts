import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { use, type SettingsDocument } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { agent } from '../../state/agent.svelte';
import { refusals } from '../../state/commands.svelte';
import FirstScan from './FirstScan.svelte';

afterEach(() => {
  agent.snapshot = null;
  refusals.all = [];
});

/** An agent with a schedule that somebody chose, whose settings the test tells or refuses. */
async function open(settings: (real: () => Promise<SettingsDocument>) => Promise<SettingsDocument>) {
  const fake = new FakeAgent(optionsOf(new URLSearchParams('state=never-scanned&speed=100&frozen')));
  await fake.applySettings([{ key: 'schedule', value: '0 6 * * 1-5' }]);
  const apply = vi.spyOn(fake, 'applySettings');
  const real = fake.settings.bind(fake);
  vi.spyOn(fake, 'settings').mockImplementation(() => settings(real));
  use(fake);
  agent.snapshot = await fake.snapshot();
  render(FirstScan, { back: () => {} });
  return { fake, apply };
}

const buttons = () => ['Scan now', 'Finish without scanning'].map((name) => (screen.getByRole('button', { name }) as HTMLButtonElement).disabled);

describe('the first scan', () => {
  it('waits until the schedule is known, and keeps one that somebody chose', async () => {
    let tell = () => {};
    const { fake, apply } = await open((real) => new Promise((done) => (tell = () => done(real()))));
    expect(buttons(), 'a schedule that is not known yet could be overwritten').toEqual([true, true]);
    expect(screen.queryByRole('switch', { name: /^Then scan/ }), 'nothing is said of it either').toBeNull();
    tell();
    await waitFor(() => expect(buttons()).toEqual([false, false]));
    await fireEvent.click(screen.getByRole('button', { name: 'Scan now' }));
    await waitFor(async () => expect((await fake.snapshot()).run).not.toBeNull());
    expect(apply).not.toHaveBeenCalled();
  });

  it('says that IPv6 is not reported, unless it is', async () => {
    const told = /IPv6 subnets stay out of reports/;
    const { fake } = await open((real) => real());
    expect(await screen.findByText(told)).toBeTruthy();
    cleanup();
    await fake.applySettings([{ key: 'report_ipv6', value: true }]);
    render(FirstScan, { back: () => {} });
    await waitFor(() => expect(buttons()).toEqual([false, false]));
    expect(screen.queryByText(told)).toBeNull();
  });

  it('says why the settings could not be read, and reads them again', async () => {
    let works = false;
    const { apply } = await open((real) => (works ? real() : Promise.reject({ code: 'from-the-future', what: 'The settings can’t be read.', remedy: 'Look at the disk.' })));
    expect(await screen.findByText('The settings can’t be read.')).toBeTruthy();
    expect(buttons()).toEqual([true, true]);
    works = true;
    await fireEvent.click(screen.getByRole('button', { name: 'Load again' }));
    await waitFor(() => expect(buttons()).toEqual([false, false]));
    expect(screen.queryByText('The settings can’t be read.')).toBeNull();
    expect(apply).not.toHaveBeenCalled();
  });
});
