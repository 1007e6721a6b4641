import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { use } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { agent } from '../../state/agent.svelte';
import { router } from '../../state/router.svelte';
import Changes from './Changes.svelte';
import History from './History.svelte';
import RunDetail from './RunDetail.svelte';

async function site(query = ''): Promise<FakeAgent> {
  const fake = new FakeAgent(optionsOf(new URLSearchParams(`frozen&${query}`)));
  use(fake);
  agent.snapshot = null;
  agent.take(await fake.snapshot());
  return fake;
}

const list = () => screen.findByRole('list', { name: 'Runs' });
const links = async () => within(await list()).queryAllByRole('link').map((link) => link.getAttribute('href'));
const detail = () => screen.getByRole('heading', { level: 2 }).textContent;

describe('a filter', () => {
  it('leaves the first run that it shows in the detail', async () => {
    await site();
    render(History, { run: null });
    await list();
    await waitFor(() => expect(detail()).toContain('2:00 PM'));
    await fireEvent.click(screen.getByRole('button', { name: 'With problems' }));
    expect((await links())[0]).toBe('#/history/405');
    await waitFor(() => expect(detail(), 'the list and the detail speak of the same run').toContain('10:30 AM'));
    await fireEvent.click(screen.getByRole('button', { name: 'With changes' }));
    expect((await links())[0]).toBe('#/history/412');
    await waitFor(() => expect(detail()).toContain('2:00 PM'));
  });

  it('lets go of a run that it does not show', async () => {
    await site();
    router.go({ at: 'history', run: 411 });
    render(History, { run: 411 });
    await list();
    await fireEvent.click(screen.getByRole('button', { name: 'With problems' }));
    expect(router.page).toEqual({ at: 'history', run: null });
    router.go({ at: 'history', run: 405 });
    await fireEvent.click(screen.getByRole('button', { name: 'All runs' }));
    expect(router.page, 'but not of one that it shows').toEqual({ at: 'history', run: 405 });
    location.hash = '';
  });
});

it('leads from a run to its first report', async () => {
  const fake = await site();
  render(History, { run: 412 });
  const first = (await fake.run(412)).reports[0]!;
  expect((await screen.findByRole('link', { name: 'View reports' })).getAttribute('href')).toBe(`#/reports/${first.id}`);
});

describe('a fold', () => {
  it('stays open when one chooses a run in it, and puts the keyboard on its first', async () => {
    await site();
    const { rerender } = render(History, { run: null });
    const fold = within(await list()).getAllByRole('button', { name: /nothing changed/ })[0]!;
    await fireEvent.click(fold);
    await waitFor(() => expect(document.activeElement?.getAttribute('href')).toBe('#/history/411'));
    const before = await links();
    await rerender({ run: 411 });
    expect(await links(), 'nothing is folded again').toEqual(before);
  });
});

describe('a run in which not every subnet was scanned', () => {
  it('says so in the list and where nothing changed', async () => {
    await site();
    render(History, { run: 405 });
    expect((await screen.findByRole('link', { name: /10:30/ })).textContent).toMatch(/up, 3 of 4 subnets.*1 subnet could not be scanned/);
    expect(await screen.findByText(/Nothing changed in the 3 subnets that were scanned/)).toBeTruthy();
  });
});

it('says which subnets are not reported, as IPv6 by the usual settings', async () => {
  await site();
  render(History, { run: 412 });
  const row = (await screen.findByRole('link', { name: /IPv6/ })).closest('tr')!;
  expect(row.textContent).toContain('Scanned, not reported');
  expect(screen.getByRole('link', { name: 'Warehouse' }).closest('tr')?.textContent).not.toContain('not reported');
});

describe('a run from long ago', () => {
  it('is listed with the one before, with which it is compared', async () => {
    await site();
    render(History, { run: 230 });
    await waitFor(() => expect(screen.getByText(/^What changed since/).textContent, 'half an hour before it').toContain('6:30 PM'));
    await waitFor(async () => expect(await links()).toContain('#/history/230'));
  });

  it('is said to be compared with none where none before is listed', async () => {
    const fake = await site();
    const detail = await fake.run(230);
    render(RunDetail, { detail, runs: await fake.runs(60), keyboard: false });
    expect(screen.getByRole('heading', { name: /^What changed/ }).textContent, 'least of all with the newest').toBe('What changed');
  });
});

describe('where the list grows', () => {
  const press = async (name: RegExp) => {
    const button = await screen.findByRole('button', { name });
    button.focus();
    await fireEvent.click(button);
  };

  it('the keyboard stays at the button as long as there are more', async () => {
    await site();
    render(History, { run: null });
    await list();
    await press(/earlier runs/);
    await waitFor(async () => expect((await links()).length).toBeGreaterThan(60));
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Show earlier runs' }));
  });

  it('the keyboard goes on at the first run that came, and that is not folded away', async () => {
    const fake = await site();
    const some = await fake.runs(100);
    Object.assign(fake, { runs: (many: number) => Promise.resolve(some.slice(0, many)) });
    render(History, { run: null });
    await list();
    await press(/earlier runs/);
    await waitFor(() => expect(document.activeElement?.getAttribute('data-run')).toBe(String(some[60]!.id)));
    await waitFor(() => expect(screen.getAllByRole('button', { name: /nothing changed/ }).length, 'what the others changed is known').toBeGreaterThan(20));
    expect(document.activeElement?.getAttribute('data-run')).toBe(String(some[60]!.id));
  });

  it('the keyboard goes on at the first change that came', async () => {
    const fake = await site();
    const detail = await fake.run(412);
    const ips = Array.from({ length: 60 }, (_, index) => `10.20.0.${index + 1}`);
    const changes = [{ subnet: 101, cidr: '10.20.0.0/24', new: ips, gone: [], changed: [] }];
    render(Changes, { changes, run: detail.run, other: null });
    await press(/20 more/);
    await waitFor(() => expect(document.activeElement?.textContent).toBe('10.20.0.41'));
  });
});

it('tells of an open run when it has ended', async () => {
  const fake = await site('state=running');
  const snapshot = await fake.snapshot();
  const id = snapshot.run!.id;
  const over = (await fake.runs(1))[0]!;
  let ended = false;
  const one = { ...over, id, finished_at: null as string | null };
  Object.assign(fake, { run: () => Promise.resolve({ run: ended ? { ...one, finished_at: over.finished_at } : one, changes: [], reports: [] }) });
  render(History, { run: id });
  await screen.findByText('By subnet');
  expect(screen.queryByText('Took')).toBeNull();
  ended = true;
  agent.take({ ...snapshot, revision: snapshot.revision + 1, run: null, lists: { ...snapshot.lists, runs: snapshot.lists.runs + 1 } });
  expect(await screen.findByText('Took'), 'how long it took is known once it is over').toBeTruthy();
});
