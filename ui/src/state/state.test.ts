import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Problem, ProblemDocument, ReportDocument, SnapshotDocument } from '../host';
import { use } from '../host';
import { FakeAgent, optionsOf } from '../host/fake';
import { agent } from './agent.svelte';
import { perform, refusals } from './commands.svelte';
import { stationsOf } from './journey';
import { combinationOf, press, takeKeys } from './keys';
import { mendOf } from './mend';
import { ipv4, ipv4Network } from './network';
import { Paced } from './paced';
import { hrefOf, pageOf, routeOf, type Page } from './pages';
import { Query } from './query.svelte';
import { needsSetup } from './setup.svelte';

const fake = (query: string) => new FakeAgent(optionsOf(new URLSearchParams(query)));

describe('pages', () => {
  it.each<[string, Page]>([
    ['overview', { at: 'overview' }],
    ['', { at: 'overview' }],
    ['#/subnet/7', { at: 'subnet', id: 7, ip: null }],
    ['subnet/7/fd00%3A20%3A%3A1', { at: 'subnet', id: 7, ip: 'fd00:20::1' }],
    ['subnet/7/10.20.0.1', { at: 'subnet', id: 7, ip: '10.20.0.1' }],
    ['history', { at: 'history', run: null }],
    ['history/12', { at: 'history', run: 12 }],
    ['reports/12', { at: 'reports', id: 12 }],
    ['settings/phpipam', { at: 'settings', section: 'phpipam' }],
    ['notices', { at: 'notices' }],
    ['setup', { at: 'setup' }],
  ])('%s is a page', (route, page) => {
    expect(pageOf(route)).toEqual(page);
    expect(pageOf(hrefOf(page)), 'and its own route leads back to it').toEqual(page);
  });

  it.each(['subnet', 'subnet/x', 'reports/-1', 'nowhere', 'history/1e3', 'subnet/%'])('%s is none', (route) => {
    expect(pageOf(route)).toBeNull();
  });

  it('an address is one part of a route, whatever it holds', () => {
    expect(routeOf({ at: 'subnet', id: 1, ip: '../../x' })).toBe('subnet/1/..%2F..%2Fx');
  });
});

describe('snapshots', () => {
  let snapshot: SnapshotDocument;
  beforeEach(async () => {
    snapshot = await fake('frozen').snapshot();
    agent.snapshot = null;
  });

  it('the highest revision is kept', () => {
    agent.take({ ...snapshot, revision: 5, headline: 'new' });
    agent.take({ ...snapshot, revision: 4, headline: 'old' });
    expect(agent.snapshot?.headline).toBe('new');
  });

  it('a subnet is named as people do', () => {
    const [first] = snapshot.subnets;
    agent.take({ ...snapshot, subnets: [first!, { ...first!, id: 9, description: '  ' }] });
    expect(agent.nameOf(101)).toBe('Depot – office');
    expect(agent.nameOf(9), 'by its network where it has no description').toBe('10.20.0.0/24');
    expect(agent.nameOf(77), 'and by its id where nothing is known').toBe('Subnet 77');
  });

  it('an agent that can’t be asked is told, and forgotten once it answers', async () => {
    use({ ...fake('frozen'), snapshot: () => Promise.reject({ code: 'gone', what: 'No.', remedy: 'Start it.' }) } as never);
    await agent.ask();
    expect(agent.refusal?.code).toBe('gone');
    agent.take(snapshot);
    expect(agent.refusal).toBeNull();
  });
});

describe('pacing', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('passes the first at once, then the newest at most every 250 ms', () => {
    const passed: number[] = [];
    const paced = new Paced<number>(250, (value) => passed.push(value));
    for (let value = 0; value < 100; value += 1) {
      paced.push(value);
      vi.advanceTimersByTime(10);
    }
    expect(passed.length, 'in one second').toBeLessThanOrEqual(5);
    vi.advanceTimersByTime(250);
    expect(passed[0]).toBe(0);
    expect(passed.at(-1), 'the newest always arrives').toBe(99);
  });

  it('passes nothing on once it is stopped', () => {
    const passed: number[] = [];
    const paced = new Paced<number>(250, (value) => passed.push(value));
    paced.push(1);
    paced.push(2);
    paced.stop();
    vi.advanceTimersByTime(1_000);
    expect(passed).toEqual([1]);
  });
});

describe('queries', () => {
  it('keep the last good result when reading fails', async () => {
    let answer: () => Promise<string> = () => Promise.resolve('first');
    const query = new Query<string>(() => answer());
    await query.reload();
    answer = () => Promise.reject({ code: 'store-failing', what: 'Failed.', remedy: 'Try.' });
    await query.reload();
    expect(query.data).toBe('first');
    expect(query.refusal?.code).toBe('store-failing');
    answer = () => Promise.resolve('second');
    await query.reload();
    expect(query.data).toBe('second');
    expect(query.refusal, 'an answer ends the trouble').toBeNull();
  });

  it('don’t take the late answer to an old question', async () => {
    let answerOld: (text: string) => void = () => {};
    const query = new Query<string>(() => new Promise((done) => (answerOld = done)));
    const old = query.reload();
    query.change(() => Promise.resolve('new'));
    await vi.waitFor(() => expect(query.data).toBe('new'));
    answerOld('old');
    await old;
    flushSync();
    expect(query.data).toBe('new');
  });

  it('show what there is of an answer before the whole, but never in the place of a whole one', async () => {
    let whole: (text: string) => void = () => {};
    const query = new Query<string>((ahead) => {
      ahead('some');
      return new Promise((done) => (whole = done));
    });
    for (const [answer, meanwhile] of [['first', 'some'], ['second', 'first']] as const) {
      const reading = query.reload();
      expect(query.data).toBe(meanwhile);
      whole(answer);
      await reading;
      expect(query.data).toBe(answer);
    }
  });

  it('don’t show what there is of an answer to an old question', async () => {
    let ahead: (text: string) => void = () => {};
    const query = new Query<string>((tell) => {
      ahead = tell;
      return new Promise(() => {});
    });
    void query.reload();
    query.change(() => new Promise(() => {}));
    ahead('some');
    expect(query.data).toBeUndefined();
  });

  it('read once more when asked while reading', async () => {
    vi.useFakeTimers();
    let times = 0;
    const query = new Query<number>(() => Promise.resolve((times += 1)));
    void query.reload();
    void query.reload();
    void query.reload();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(times, 'the questions in between are one').toBe(2);
    vi.useRealTimers();
  });
});

describe('commands', () => {
  it('a refusal is shown until it is dismissed, and the same one once', async () => {
    const refused = () => perform(Promise.reject({ code: 'busy', what: 'A scan is running.', remedy: 'Wait.' }));
    expect(await refused()).toBeUndefined();
    await refused();
    expect(refusals.all).toHaveLength(1);
    refusals.dismiss(refusals.all[0]!.id);
    expect(refusals.all).toHaveLength(0);
  });

  it('what is no refusal becomes one', async () => {
    await perform(Promise.reject(new Error('broken pipe')));
    expect(refusals.all[0]?.refusal).toMatchObject({ code: 'internal', detail: 'broken pipe' });
    refusals.dismiss(refusals.all[0]!.id);
  });
});

describe('keys', () => {
  const key = (name: string, more: KeyboardEventInit = {}) => new KeyboardEvent('keydown', { key: name, cancelable: true, ...more });

  it('are written as people say them', () => {
    expect(combinationOf(key('F', { ctrlKey: true }))).toBe('mod+f');
    expect(combinationOf(key(']'))).toBe(']');
    expect(combinationOf(key('Tab', { shiftKey: true }))).toBe('shift+tab');
    expect([combinationOf(key('ArrowLeft', { altKey: true })), combinationOf(key('c', { altKey: true }))]).toEqual(['alt+arrowleft', 'alt+c']);
    expect(combinationOf(key(']', { altKey: true })), 'as a German Mac types it').toBe(']');
  });

  it('of one character count only in their place, or while the keyboard is in none', () => {
    const pressed: string[] = [];
    document.body.innerHTML = '<nav><button></button></nav><main tabindex="-1"><section><button></button></section></main>';
    const at = (place: string) => document.querySelector<HTMLElement>(place);
    const stop = takeKeys({ c: () => pressed.push('c'), escape: () => pressed.push('escape') }, () => at('section'));
    const from = (place: string) => {
      at(place)?.focus();
      pressed.length = 0;
      press(key('c'));
      press(key('Escape'));
      return pressed.join(' ');
    };
    expect(from('body')).toBe('c escape');
    expect(from('main')).toBe('c escape');
    expect(from('section button')).toBe('c escape');
    expect(from('nav button'), 'a voice that speaks of something else sets nothing off').toBe('escape');
    stop();
    document.body.innerHTML = '';
  });

  it('belong to whoever took them last', () => {
    const pressed: string[] = [];
    const below = takeKeys({ escape: () => pressed.push('below') });
    const above = takeKeys({ escape: () => pressed.push('above') });
    press(key('Escape'));
    above();
    press(key('Escape'));
    below();
    press(key('Escape'));
    expect(pressed).toEqual(['above', 'below']);
  });

  it('are left to a field while somebody types', () => {
    const pressed: string[] = [];
    const stop = takeKeys({ c: () => pressed.push('c'), 'mod+f': () => pressed.push('find'), 'mod+enter': () => pressed.push('scan') });
    const input = document.body.appendChild(document.createElement('input'));
    input.addEventListener('keydown', press);
    input.dispatchEvent(key('c', { bubbles: true }));
    input.dispatchEvent(key('f', { ctrlKey: true, bubbles: true }));
    input.dispatchEvent(key('Enter', { ctrlKey: true, bubbles: true }));
    expect(pressed, 'whoever sends a text off starts no scan').toEqual(['find']);
    input.remove();
    press(key('Enter', { ctrlKey: true }));
    expect(pressed).toEqual(['find', 'scan']);
    stop();
  });
});

describe('journeys', () => {
  const at = '2026-03-12T13:00:00Z';
  const base = { id: 1, subnet: 1, scan: 1, cidr: '10.0.0.0/24', part: 1, parts: 1, created_at: at, host_count: 1, stale: false, words: '' };
  const looks = (report: ReportDocument) => stationsOf(report).map(({ name, look }) => `${name} ${look}`);

  it('have the end that the state gives', () => {
    const journey = [{ at, event: 'queued' as const, words: '' }, { at, event: 'sent' as const, status: 200, left_out: 0, words: '' }];
    expect(looks({ ...base, state: 'confirmed', at, journey })).toEqual(['queued passed', 'sent passed', 'confirmed good']);
    expect(looks({ ...base, state: 'partly', at, missing: [], causes: [], journey })).toEqual(['queued passed', 'sent passed', 'partly doubtful']);
    expect(looks({ ...base, state: 'queued', journey: [] })).toEqual(['queued now', 'sent to-come', 'confirmed to-come']);
    expect(looks({ ...base, state: 'superseded', by: 2, journey: [] })).toEqual(['queued passed', 'superseded dropped']);
  });

  it('a report that the server refused was sent, and one that is damaged never was', () => {
    const rejected = (problem: Problem) => looks({ ...base, state: 'rejected', at, problem, journey: [] });
    expect(rejected({ code: 'report-rejected', report: 1, status: 413, words: '' })).toEqual(['queued passed', 'sent passed', 'rejected bad']);
    expect(rejected({ code: 'report-damaged', report: 1, detail: '' })).toEqual(['queued passed', 'sent to-come', 'rejected bad']);
  });

  it('a sending before a person asked for another try no longer counts', () => {
    const sentAt = '2026-03-12T12:00:00Z';
    const journey = [
      { at: sentAt, event: 'sent' as const, status: 200, left_out: 0, words: '' },
      { at, event: 'retried' as const, words: '' },
    ];
    const problem = { code: 'server-token-rejected' as const, words: '' };
    expect(stationsOf({ ...base, state: 'rejected', at, problem, journey })[1]).toMatchObject({ name: 'sent', look: 'to-come', at: null });
  });
});

describe('networks', () => {
  it.each(['10.20.0.256', '10.20.0', '10.20.0.0.1', 'fd00::1', '', '10.20.0.x'])('%s is no IPv4 address', (text) => expect(ipv4(text)).toBeNull());

  it('is read with its size, also at the top of the range', () => {
    expect(ipv4Network('255.255.255.0/24')).toEqual({ base: 4_294_967_040, prefix: 24, size: 256 });
    expect(ipv4Network('10.20.0.7/24')?.base, 'host bits don’t count').toBe(ipv4('10.20.0.0'));
    expect(ipv4Network('10.0.0.0/33')).toBeNull();
  });
});

describe('mending', () => {
  it('leads to the report, the section or a new try', () => {
    const problem = (code: string, facts: object) => ({ ...facts, code, severity: 'needs-person', area: '', what: '', remedy: '' }) as unknown as ProblemDocument;
    expect(mendOf(problem('report-partly', { report: 12 }))).toMatchObject({ page: { at: 'reports', id: 12 } });
    expect(mendOf(problem('secret-missing', { name: 'auth_token' }))).toMatchObject({ page: { at: 'settings', section: 'server' } });
    expect(mendOf(problem('ipam-unreachable', {}))).toHaveProperty('run');
    expect(mendOf(problem('from-the-future', {}))).toBeNull();
  });
});

it('the set-up is due only where nothing was ever fetched', async () => {
  expect(needsSetup(await fake('state=first-run&frozen').snapshot())).toBe(true);
  expect(needsSetup(await fake('frozen').snapshot())).toBe(false);
  const once = await fake('state=first-run&frozen').snapshot();
  expect(needsSetup({ ...once, ipam: { ...once.ipam, fetched_at: once.now } }), 'a broken setting is no first run').toBe(false);
});
