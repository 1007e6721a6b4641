import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';

import { use, type JourneyStep, type ReportDocument } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { agent } from '../../state/agent.svelte';
import { groupsOf, passes, standingsOf, toldOf } from '../../state/outbox';
import { linesOf, piecesOf } from './json';
import Reports from './Reports.svelte';
import { folded } from './steps';

async function outbox(query: string): Promise<FakeAgent> {
  const fake = new FakeAgent(optionsOf(new URLSearchParams(`frozen&${query}`)));
  use(fake);
  agent.snapshot = null;
  agent.take(await fake.snapshot());
  return fake;
}

describe('what is open', () => {
  it('is all that phpIPAM doesn’t show yet', async () => {
    const reports = await (await outbox('state=offline')).reports();
    const standings = standingsOf(reports);
    const many = (filter: Parameters<typeof passes>[0]) => reports.filter((report) => passes(filter, standings.get(report.id) ?? null)).length;
    expect([many('waiting'), many('sent'), many('rejected'), many('doubtful')]).toEqual([3, 1, 1, 1]);
    expect(many('open')).toBe(6);
    expect(many('all')).toBe(reports.length);
  });

  it('what was not seen whole is settled by a newer report that is confirmed', async () => {
    const reports = await (await outbox('')).reports();
    const partly = reports.find((report) => report.state === 'partly')!;
    expect(standingsOf(reports).get(partly.id)).toBeNull();
    expect(standingsOf([partly]).get(partly.id)).toBe('doubtful');
  });

  it('nothing more is only called seen where it was', async () => {
    const reports = await (await outbox('')).reports();
    const partly = reports.find((report) => report.state === 'partly')!;
    expect(toldOf(reports), 'a newer one was').toBe('settled');
    expect(toldOf([partly])).toBe('open');
    expect(toldOf(reports.filter((report) => report !== partly))).toBe('confirmed');
  });

  it('reports of one run stand together', async () => {
    const fake = await outbox('');
    const groups = groupsOf(await fake.reports(), await fake.runs(50));
    expect(groups[0]?.reports.map((report) => report.cidr)).toEqual(['10.20.4.0/22', '10.20.1.0/24', '10.20.0.0/24'].reverse());
    const [lone] = groupsOf([{ ...(await fake.reports())[0]!, scan: -1 }], []);
    expect(lone?.reports, 'one whose run is no longer kept stands by itself').toHaveLength(1);
  });
});

describe('the way of a report', () => {
  const failed = (at: string, code: 'server-unreachable' | 'server-insecure'): JourneyStep => ({ at, event: 'failed', words: '', problem: code === 'server-insecure' ? { code } : { code, detail: 'refused' } });

  it('folds tries that failed alike', () => {
    const steps = folded([failed('1', 'server-unreachable'), failed('2', 'server-unreachable'), failed('3', 'server-insecure'), failed('4', 'server-unreachable')]);
    expect(steps.map(({ many, until }) => [many, until])).toEqual([
      [2, '2'],
      [1, '3'],
      [1, '4'],
    ]);
  });
});

describe('the JSON', () => {
  it('has one host on each line', () => {
    const lines = linesOf('{"code": "…", "scan": {"subnet": "10.0.0.0/24", "results": [{"id":1,"ip":"10.0.0.1"},{"ip":"10.0.0.2"}], "tz": "+0000"}}');
    expect(lines).toContain('      { "id": 1, "ip": "10.0.0.1" },');
    expect(lines).toContain('      { "ip": "10.0.0.2" }');
    expect(JSON.parse(lines.join('\n'))).toMatchObject({ scan: { results: [{ id: 1 }, { ip: '10.0.0.2' }] } });
  });

  it('that is none is shown as it is', () => {
    expect(linesOf('not {json\nat all')).toEqual(['not {json', 'at all']);
  });

  it('has its keys marked, and nothing is lost', () => {
    const pieces = piecesOf('  { "id": 1, "ip": "a\\"b: c" }');
    expect(pieces.filter((piece) => piece.key).map((piece) => piece.text)).toEqual(['"id"', '"ip"']);
    expect(pieces.map((piece) => piece.text).join('')).toBe('  { "id": 1, "ip": "a\\"b: c" }');
  });
});

describe('the view', () => {
  const find = (reports: readonly ReportDocument[], state: ReportDocument['state']) => reports.find((report) => report.state === state)!;

  it('opens with where the reports are, and that nothing is lost', async () => {
    await outbox('state=offline');
    render(Reports, { id: null });
    expect(await screen.findByRole('heading', { level: 1, name: '3 reports wait, 1 is not confirmed yet, 1 was rejected, 1 was not fully seen in phpIPAM.' })).toBeTruthy();
    expect(screen.getByText('Next try in 1:42, the 5th. Nothing is lost: reports stay here until phpIPAM has them.')).toBeTruthy();
  });

  it('counts down to the try that comes first', async () => {
    const fake = await outbox('state=offline');
    const reports = await fake.reports();
    const soon = new Date(Date.parse(agent.snapshot!.now) + 30_000).toISOString();
    const last = reports.findLastIndex((report) => report.state === 'waiting');
    fake.reports = async () => reports.map((report, index) => (index === last && report.state === 'waiting' ? { ...report, next_at: soon, tries: 1 } : report));
    render(Reports, { id: null });
    expect(await screen.findByText(/^Next try in 0:30, the 2nd/)).toBeTruthy();
  });

  it('does not say that every report was seen beside one that was not', async () => {
    await outbox('');
    render(Reports, { id: null });
    expect(await screen.findByRole('heading', { level: 1, name: 'phpIPAM has been told: nothing is open.' })).toBeTruthy();
    expect(screen.getByText('Nothing is open: where a report was not fully seen in phpIPAM, a newer one of its subnet was.')).toBeTruthy();
  });

  it('shows the report that one is led to, among the others', async () => {
    const fake = await outbox('');
    const old = (await fake.reports()).at(-1)!;
    const { container, rerender } = render(Reports, { id: old.id });
    await waitFor(() => expect(container.querySelector(`a[data-report="${old.id}"][aria-current]`), 'an old one that is confirmed').toBeTruthy());
    expect(screen.getByRole('button', { name: /^All \d/ }).getAttribute('aria-pressed')).toBe('true');
    await fireEvent.click(screen.getByRole('button', { name: /^Open \d/ }));
    expect(screen.getByRole('button', { name: /^Open \d/ }).getAttribute('aria-pressed'), 'a filter that somebody chose stays').toBe('true');
    await rerender({ id: (await fake.reports())[0]!.id });
    expect(screen.getByRole('button', { name: /^Open \d/ }).getAttribute('aria-pressed'), 'one that is shown needs no other').toBe('true');
  });

  it('quotes the server, and says what to do', async () => {
    const fake = await outbox('state=attention');
    render(Reports, { id: find(await fake.reports(), 'rejected').id });
    const detail = screen.getByRole('complementary', { name: 'Details' });
    expect(await within(detail).findByText('The server said')).toBeTruthy();
    expect(within(detail).getByText(/403 Forbidden/).tagName).toBe('BLOCKQUOTE');
    expect(within(detail).getByText('The report is kept. Mend what the server’s words tell, then send it again.')).toBeTruthy();
  });

  it('marks what is only inferred, and names the hosts that are not seen', async () => {
    const fake = await outbox('');
    render(Reports, { id: find(await fake.reports(), 'partly').id });
    const detail = screen.getByRole('complementary', { name: 'Details' });
    expect(await within(detail).findByText('Probably:')).toBeTruthy();
    expect(within(detail).queryByText('The server said'), 'no word is put into the server’s mouth').toBeNull();
    expect(within(detail).getByRole('link', { name: '10.20.5.20' })).toBeTruthy();
  });

  it('sends a report again', async () => {
    const fake = await outbox('state=attention');
    const { id } = find(await fake.reports(), 'rejected');
    render(Reports, { id });
    const again = await screen.findByRole('button', { name: 'Send again' });
    again.focus();
    await fireEvent.click(again);
    expect((await fake.report(id)).state).toBe('queued');
    expect((await fake.report(id)).journey.at(-1)?.event).toBe('retried');
    agent.take(await fake.snapshot());
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Send again' })).toBeNull());
    await waitFor(() => expect(document.activeElement, 'the keyboard goes on at the report').toBe(screen.getByRole('heading', { level: 2, name: /^Queued/ })));
  });

  it('keeps what it has, and says why the rest is missing', async () => {
    await outbox('state=error');
    render(Reports, { id: null });
    expect(await screen.findByText('The database can’t be read or written.')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Load again' })).toBeTruthy();
  });
});
