import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { describe, expect, it } from 'vitest';

import { host, use, type SnapshotDocument, type Stage } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { de } from '../../i18n/de';
import { en } from '../../i18n/en';
import { agent } from '../../state/agent.svelte';
import { answerOf, unscanned } from './answer';
import { ipamFact, scanFact, toldFact } from './facts';
import Overview from './Overview.svelte';
import RunPanel from './RunPanel.svelte';

async function site(query: string): Promise<SnapshotDocument> {
  const fake = new FakeAgent(optionsOf(new URLSearchParams(`frozen&${query}`)));
  use(fake);
  const snapshot = await fake.snapshot();
  agent.snapshot = null;
  agent.take(snapshot);
  return snapshot;
}

describe('the keyboard goes on', () => {
  const press = async (name: RegExp) => {
    const button = screen.getByRole('button', { name });
    button.focus();
    await fireEvent.click(button);
  };

  it('at the headline, once phpIPAM was asked anew', async () => {
    const snapshot = await site('state=stale');
    render(Overview);
    await press(/^Refresh/);
    agent.take({ ...snapshot, revision: snapshot.revision + 1, ipam: { ...snapshot.ipam, stale: false } });
    await waitFor(() => expect(screen.queryByRole('button', { name: /^Refresh/ })).toBeNull());
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 })));
  });

  it('at the first problem that was not in view', async () => {
    const snapshot = await site('');
    const of = (subnet: number) => ({ code: 'no-route' as const, subnet, severity: 'waiting' as const, area: '', what: '', remedy: '' });
    agent.take({ ...snapshot, revision: snapshot.revision + 1, problems: snapshot.subnets.map((one) => of(one.id)) });
    render(Overview);
    await press(/more problem/);
    const fourth = within(screen.getByRole('region', { name: 'Problems' })).getAllByRole('listitem')[3];
    await waitFor(() => expect(document.activeElement).toBe(fourth));
  });
});

describe('the answer', () => {
  it('says that phpIPAM is right only where nothing needs a look', async () => {
    expect(answerOf(await site('state=right'))).toEqual({ is: 'right', known: 412, untold: false });
    expect(answerOf(await site(''))).toMatchObject({ is: 'some', known: 412, up: 410 });
  });

  it('does not call phpIPAM right by data that is out of date', async () => {
    expect(answerOf(await site('state=right,stale'))).toMatchObject({ is: 'some', up: 412, known: 412, stale: true });
  });

  it('does not call it right while a subnet could not be scanned', async () => {
    const snapshot = await site('state=right');
    const problem = { code: 'no-route' as const, subnet: 101, severity: 'waiting' as const, area: '', what: '', remedy: '' };
    const half = { ...snapshot, problems: [problem, { ...problem, subnet: 999 }] };
    expect(answerOf(half).is).toBe('some');
    expect(unscanned(half), 'one that is no longer assigned doesn’t count').toHaveLength(1);
  });

  it('is only for the subnets that were scanned, and says so', async () => {
    for (const state of ['state=right', '']) {
      const snapshot = await site(state);
      const first = { ...snapshot, subnets: snapshot.subnets.map((subnet, index) => (index === 0 ? subnet : { ...subnet, last_scan: null })) };
      expect(answerOf(first), 'three were never tried').toMatchObject({ is: 'some', scanned: { some: 1, of: 4 } });
      agent.snapshot = null;
      agent.take(first);
      render(Overview);
      const known = state === '' ? '60 of 61 known hosts are up' : 'All 61 known hosts are up';
      expect(screen.getByRole('heading', { level: 1 }).textContent?.trim()).toBe(`${known} in 1 of 4 subnets.`);
      cleanup();
    }
  });

  it('does not speak of all of no hosts', async () => {
    const snapshot = await site('state=right');
    const scan = snapshot.subnets[0]!.last_scan!;
    const none = { ...scan, counts: { up: 0, known: 0, unknown: 0, unseen: 0, missing: 0, mismatch: 0, excluded: 0 } };
    agent.snapshot = null;
    agent.take({ ...snapshot, subnets: snapshot.subnets.map((subnet, index) => ({ ...subnet, last_scan: index === 0 ? none : null })) });
    render(Overview);
    expect(screen.getByRole('heading', { level: 1 }).textContent?.trim()).toBe('No host answers in 1 of 4 subnets, and phpIPAM has none there.');
  });

  it('is not hidden by the scan server, but says that phpIPAM isn’t told', async () => {
    expect(answerOf(await site('state=attention'))).toMatchObject({ is: 'some', untold: true });
  });

  it('says that phpIPAM isn’t told where reports were rejected or could not be sent', async () => {
    const snapshot = await site('state=right');
    const with_ = (delivery: Partial<SnapshotDocument['delivery']>) => answerOf({ ...snapshot, delivery: { ...snapshot.delivery, ...delivery } });
    expect(with_({ rejected: 1 })).toMatchObject({ is: 'right', untold: true });
    expect(with_({ waiting: 3, next_try: snapshot.now }), 'one try failed').toMatchObject({ untold: true });
    expect(with_({ waiting: 3, next_try: null }), 'right after a scan they are only on their way').toMatchObject({ untold: false });
    expect(answerOf(await site('state=offline'))).toMatchObject({ untold: true });
  });

  it('is what keeps the agent from working, since an old answer would say that all is well', async () => {
    const snapshot = await site('');
    const problem = { code: 'nmap-missing' as const, severity: 'needs-person' as const, area: '', what: '', remedy: '' };
    expect(answerOf({ ...snapshot, problems: [problem] })).toEqual({ is: 'blocked', problem });
  });

  it('claims nothing before the first scan', async () => {
    expect(answerOf(await site('state=never-scanned'))).toEqual({ is: 'never-scanned', subnets: 4 });
    const empty = await site('state=empty');
    expect(answerOf(empty)).toEqual({ is: 'nothing-assigned' });
    const folder = { id: 190, cidr: '10.99.0.0/16', network: null, description: '', plan: 'left-out' as const, last_scan: null };
    expect(answerOf({ ...empty, subnets: [folder] }), 'one is assigned, and it is not scanned').toEqual({ is: 'all-left-out', subnets: 1 });
    expect(answerOf({ ...empty, ipam: { ...empty.ipam, fetched_at: null } }), 'phpIPAM said nothing, as nobody asked').toEqual({ is: 'not-asked' });
    expect(answerOf(await site('state=first-run'))).toEqual({ is: 'not-set-up' });
  });
});

describe('a run that goes on', () => {
  const part = (subnet: number, stage: Stage, done: number, total: number) => ({ subnet, cidr: `10.20.${subnet - 101}.0/24`, stage, done, total, up: 0 });
  const panel = (subnets: readonly ReturnType<typeof part>[]) => {
    const sum = (of: 'done' | 'total') => subnets.reduce((all, one) => all + one[of], 0);
    render(RunPanel, { run: { id: 1, trigger: 'person', started_at: '2026-03-12T13:12:00Z', stopping: false, held: false, done: sum('done'), total: sum('total'), up: 0, eta_s: null, subnets: [...subnets] } });
    const said = screen.getByRole('region', { name: 'Progress of the scan' });
    return { words: said.textContent?.replace(/\s+/g, ' ').trim(), segments: said.querySelectorAll('.part').length };
  };

  it('counts the subnets that are scanned, and not those that are left out', async () => {
    await site('');
    const { words, segments } = panel([part(101, 'done', 254, 254), part(190, 'done', 0, 0), part(102, 'scanning', 100, 254)]);
    expect(words).toContain('1 of 2 subnets');
    expect(words).toContain('354 of 508 addresses');
    expect(segments, 'what is left out has no segment, which nothing would fill').toBe(2);
  });

  it('says how many are scanned at the same time', async () => {
    await site('');
    const { words } = panel([part(103, 'preparing', 0, 1022), part(101, 'scanning', 20, 254), part(102, 'scanning', 10, 254), part(105, 'queued', 0, 12)]);
    expect(words).toContain('Scanning Depot – office and 2 more');
    expect(words).toContain('0 of 4 subnets');
  });

  it('is held by a pause, and goes on after it', async () => {
    const fake = new FakeAgent(optionsOf(new URLSearchParams('frozen&state=running')));
    use(fake);
    agent.snapshot = null;
    agent.take(await fake.snapshot());
    render(Overview);
    const panel = () => screen.getByRole('region', { name: 'Progress of the scan' });
    const press = async (name: string) => {
      within(panel()).getByRole('button', { name }).click();
      agent.take(await fake.snapshot());
      await tick();
    };
    await press('Pause');
    expect(panel().textContent).toContain('Paused at');
    expect(panel().textContent, 'nobody knows when it goes on').not.toContain('left');
    expect(agent.snapshot).toMatchObject({ activity: 'paused', paused: { until: null }, run: { held: true } });
    await press('Resume');
    expect(panel().textContent).toContain('Scanning');
    expect(agent.snapshot).toMatchObject({ activity: 'scanning', paused: null, run: { held: false } });
  });

  it('keeps the keyboard on what was pressed, and gives it to the headline at the end', async () => {
    const fake = new FakeAgent(optionsOf(new URLSearchParams('frozen&state=running')));
    use(fake);
    agent.snapshot = null;
    agent.take(await fake.snapshot());
    render(Overview);
    const button = (name: string) => within(screen.getByRole('region', { name: 'Progress of the scan' })).getByRole('button', { name });
    const show = async () => {
      agent.take({ ...(await fake.snapshot()), revision: agent.snapshot!.revision + 1 });
      await tick();
    };
    button('Pause').focus();
    button('Pause').click();
    await show();
    expect(document.activeElement).toBe(button('Resume'));
    button('Resume').click();
    await show();
    expect(document.activeElement).toBe(button('Pause'));
    button('Stop').focus();
    button('Stop').click();
    await show();
    expect(document.activeElement).toBe(button('Stopping…'));
    expect((document.activeElement as HTMLButtonElement).disabled, 'a disabled one would lose the keyboard').toBe(false);
    agent.take({ ...agent.snapshot!, revision: agent.snapshot!.revision + 1, run: null });
    await tick();
    await tick();
    expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }));
  });

  it('names the network of the only one', async () => {
    await site('');
    const { words } = panel([part(101, 'scanning', 20, 254)]);
    expect(words).toContain('Scanning Depot – office 10.20.0.0/24');
    expect(words, 'one subnet need not be counted').not.toContain('of 1 subnet');
  });
});

describe('the facts', () => {
  it('tell a scan that was not whole as such', async () => {
    const snapshot = await site('');
    expect(scanFact(snapshot)).toMatchObject({ is: 'all', scanned: 4, of: 4, took: 102_000 });
    const run = snapshot.last_run!;
    expect(scanFact({ ...snapshot, last_run: { ...run, stopped: true } }).is).toBe('stopped');
    const failed = { ...run, subnets: run.subnets.map((part, index) => ({ ...part, outcome: index === 0 ? ('failed' as const) : part.outcome })) };
    expect(scanFact({ ...snapshot, last_run: failed })).toMatchObject({ is: 'some', scanned: 3, of: 4 });
    expect(scanFact({ ...snapshot, last_run: null })).toEqual({ is: 'none' });
  });

  it('tell the age of phpIPAM’s data, and whether it still counts', async () => {
    expect(ipamFact(await site(''))).toMatchObject({ is: 'fresh', addresses: 412, subnets: 4 });
    expect(ipamFact(await site('state=offline')).is).toBe('cached');
    expect(ipamFact(await site('state=stale')).is).toBe('expired');
    expect(ipamFact(await site('state=first-run')).is).toBe('never');
  });

  it('count what phpIPAM knows only once every subnet was scanned', async () => {
    const snapshot = await site('');
    const first = { ...snapshot, subnets: snapshot.subnets.map((subnet, index) => (index === 0 ? subnet : { ...subnet, last_scan: null })) };
    expect(ipamFact(first)).toMatchObject({ is: 'fresh', addresses: null, subnets: 4 });
    agent.take(await site('state=never-scanned'));
    render(Overview);
    expect(screen.getByText('4 subnets to scan')).toBeTruthy();
    expect(screen.queryByText(/known address/)).toBeNull();
  });

  it('say why scans wait, as the status card does', async () => {
    await site('state=held');
    render(Overview);
    expect(screen.getByText(/Waiting for power, battery at 14%/)).toBeTruthy();
    expect(screen.queryByText(/Next: /), 'nothing begins then').toBeNull();
  });

  it.each([
    ['en', ['Fresh, from yesterday, 12:58', '2 h old, from 14:30', 'Next: tomorrow, 06:00, in 16 h', 'Last one seen in phpIPAM: 14:30', 'Dimmed: from the scan of yesterday, 12:58', 'This one began: 14:30']],
    ['de', ['Frisch, von gestern, 12:58', '2 h alt, von 14:30', 'Nächster: morgen, 06:00, in 16 h', 'Letzter in phpIPAM gesehen: 14:30', 'Blass: aus dem Scan von gestern, 12:58', 'Dieser begann: 14:30']],
  ] as const)('read right in %s by the clock and by the day', (language, sentences) => {
    const words = { en, de }[language].overview;
    const [yesterday, tomorrow] = language === 'en' ? ['yesterday, 12:58', 'tomorrow, 06:00'] : ['gestern, 12:58', 'morgen, 06:00'];
    expect([words.fresh(yesterday), words.cached('2 h', '14:30'), words.nextAt(tomorrow, '16 h'), words.confirmedAt('14:30'), words.dimmed(yesterday), words.thisBegan('14:30')]).toEqual(sentences);
  });

  it('tell the gravest of the reports', async () => {
    expect(toldFact(await site('state=offline'), undefined), 'a rejected one is not hidden by those that wait').toMatchObject({ is: 'rejected', many: 1, others: 3 });
    const snapshot = await site('');
    const delivery = { ...snapshot.delivery, waiting: 3, next_try: snapshot.now };
    expect(toldFact({ ...snapshot, delivery }, undefined)).toMatchObject({ is: 'waiting', many: 3, nextTry: snapshot.now });
  });

  it('say “confirmed” only of reports that are known to be', async () => {
    const snapshot = await site('');
    const reports = await host.reports();
    const partly = reports.find((report) => report.state === 'partly')!;
    const confirmed = reports.filter((report) => report.state === 'confirmed');
    // As after a start of the agent, which counts anew.
    const restarted = { ...snapshot, delivery: { ...snapshot.delivery, confirmed: 0, doubtful: 0 } };
    expect(toldFact(restarted, confirmed)).toEqual({ is: 'confirmed' });
    expect(toldFact(restarted, reports), 'a newer one of its subnet was seen').toEqual({ is: 'settled' });
    expect(toldFact(restarted, [partly]), 'nothing newer was seen').toMatchObject({ is: 'doubtful', many: 1 });
    expect(toldFact(restarted, undefined), 'the list is not read yet').toEqual({ is: 'quiet' });
    expect(toldFact(restarted, [])).toEqual({ is: 'none' });
  });
});

describe('the view', () => {
  it('opens with the answer, and marks only what needs a look', async () => {
    await site('');
    render(Overview);
    expect(screen.getByRole('heading', { level: 1 }).textContent?.trim()).toBe('410 of 412 known hosts are up.');
    const marks = screen.getAllByRole('link').map((link) => link.textContent?.trim());
    expect(marks).toContain('3 unknown');
    expect(marks).toContain('2 missing');
    expect(marks).toContain('1 mismatch');
  });

  it('has a card for each subnet, with its map once that is read', async () => {
    await site('');
    render(Overview);
    expect(await screen.findByRole('img', { name: /^Map of 10\.20\.0\.0\/24: 59 known/ })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Depot – office' }).getAttribute('href')).toBe('#/subnet/101');
  });

  it('shows a subnet without description by its network', async () => {
    await site('site=many');
    render(Overview);
    expect(screen.getByRole('link', { name: '10.30.4.0/24' })).toBeTruthy();
    expect(screen.getByText('1 subnet is not scanned'), 'and says what is left out').toBeTruthy();
  });

  it('shows the running scan with what is left, and dims old results', async () => {
    await site('state=running');
    const { container } = render(Overview);
    expect(screen.getByText('891 of 1,542 addresses')).toBeTruthy();
    expect(screen.getByText('about 50 s left')).toBeTruthy();
    await screen.findByRole('img', { name: /10\.20\.4\.0\/22/ });
    expect(container.querySelector('[data-subnet="103"] .map.dimmed')).toBeTruthy();
    expect(container.querySelector('[data-subnet="101"] .map.dimmed')).toBeNull();
  });

  it('keeps cards when their maps can’t be read', async () => {
    await site('state=error');
    render(Overview);
    expect((await screen.findAllByText(/The map could not be loaded/)).length).toBe(4);
    expect(screen.getByText('60 of 61', { exact: false })).toBeTruthy();
    expect(screen.getAllByText(/The database can’t be read or written/), 'and says why').not.toHaveLength(0);
    expect(screen.getAllByRole('button', { name: 'Load again' }).length).toBeGreaterThanOrEqual(4);
  });

  it('offers to refresh what is out of date, unless the banner does', async () => {
    await site('state=stale');
    const { unmount } = render(Overview);
    expect(screen.getByRole('button', { name: 'Refresh phpIPAM data' })).toBeTruthy();
    unmount();
    await site('state=stale,offline');
    render(Overview);
    expect(screen.queryByRole('button', { name: 'Refresh phpIPAM data' })).toBeNull();
  });

  it('says why it is empty, and offers what changes it', async () => {
    await site('state=empty');
    render(Overview);
    expect(screen.getByRole('heading', { level: 1 }).textContent?.trim()).toBe('No subnets are assigned yet.');
    expect(screen.getByRole('button', { name: 'Refresh phpIPAM data' })).toBeTruthy();
  });
});
