import { afterEach, describe, expect, it } from 'vitest';

import type { NoticeDocument, NoticeFacts } from '../host';
import { speak } from './index.svelte';
import { noticeWords } from './notice.svelte';

afterEach(() => speak('en'));

const counts = { unknown: 2, missing: 1, mismatch: 0 };
const rejected = { code: 'report-rejected', report: 797, status: 400, words: 'no such subnet' } as const;
const lost = { code: 'subnet-gone', subnet: 101 } as const;

/** One of every kind, and how its title is in German. */
const ALL: [NoticeFacts, string][] = [
  [{ tells: 'host', what: 'unknown', ip: '10.20.0.131', name: 'raspberrypi', place: 'Depot – office', stale: true }, 'Neuer unbekannter Host'],
  [{ tells: 'host', what: 'mismatch', ip: '10.20.0.131', name: null, place: 'Depot – office', stale: false }, 'Host weicht von phpIPAM ab'],
  [{ tells: 'hosts', place: 'Depot', kinds: [{ what: 'unknown', ips: ['10.20.0.1', '10.20.0.2'], more: 3 }, { what: 'missing', ips: ['10.20.0.9'], more: 0 }], stale: false }, 'Depot: 5 unbekannt, 1 vermisst'],
  [{ tells: 'subnets', many: 6, counts, named: [{ place: 'Depot', counts }], stale: false }, '6 Subnetze: 2 unbekannt, 1 vermisst'],
  [{ tells: 'problem', problem: { code: 'secret-missing', name: 'client_token' }, waiting: 0 }, 'Das Geheimnis client_token ist nicht gesetzt'],
  [{ tells: 'unscanned', many: 1, problems: [lost] }, 'Das Depot gibt es in phpIPAM nicht mehr'],
  [{ tells: 'unscanned', many: 5, problems: [lost, lost] }, '5 Subnetze konnten nicht gescannt werden'],
  [{ tells: 'report', problem: rejected, place: 'Depot', created_at: '2026-03-12T12:00:00Z' }, 'Bericht abgelehnt'],
  [{ tells: 'report', problem: rejected, place: null, created_at: null }, 'Bericht abgelehnt'],
  [{ tells: 'reports', many: 3, rejected: false, places: ['Depot', 'Büro'], more: 1 }, '3 Berichte sind anzusehen'],
  [{ tells: 'offline', hours: 1, waiting: 3, ipam_at: '2026-03-12T12:00:00Z' }, 'Seit 1 Stunde offline'],
  [{ tells: 'offline', hours: 50, waiting: 0, ipam_at: null }, 'Seit 2 Tagen offline'],
  [{ tells: 'server-away', hours: 2, waiting: 1 }, 'Scan-Server seit 2 Stunden nicht erreichbar'],
  [{ tells: 'arrived', reports: 3, offline_s: 277_205 }, '3 Berichte sind in phpIPAM angekommen'],
];

const notice = (facts: NoticeFacts | null): NoticeDocument => ({ id: 1, at: '2026-03-12T14:00:00Z', category: 'findings', title: 'The title', text: 'The text.', facts, page: 'overview' });
const name = () => 'Das Depot';

describe.each(['en', 'de'] as const)('notices in %s', (language) => {
  it.each(ALL)('say %j', (facts) => {
    speak(language);
    const { title, text } = noticeWords(notice(facts), name);
    expect(title).not.toBe('The title');
    expect(title, 'a title is no sentence').not.toMatch(/[.`]$|^$/);
    expect(text, 'ends as a sentence').toMatch(/\.$/);
    for (const said of [title, text]) {
      expect(said, 'leaves nothing out').not.toMatch(/undefined|NaN|null|\[object/);
      expect(said, 'has no gap').not.toMatch(/ {2}|^ | $/);
    }
  });

  it('keep the words in which they were told, without facts or of a kind that is newer than the window', () => {
    speak(language);
    for (const facts of [null, { tells: 'from-the-future' } as never, { tells: 'toString' } as never]) {
      expect(noticeWords(notice(facts), name)).toEqual({ title: 'The title', text: 'The text.' });
    }
  });
});

it.each(ALL)('in a German window %j is in German', (facts, title) => {
  speak('de');
  expect(noticeWords(notice(facts), name).title).toBe(title);
});

it('facts stand in the words', () => {
  speak('de');
  const text = (facts: NoticeFacts) => noticeWords(notice(facts), name).text;
  expect(text(ALL[0]?.[0] as NoticeFacts)).toBe('10.20.0.131, raspberrypi, in Depot – office. Er steht nicht in phpIPAM. Nach dem, was phpIPAM früher sagte: Es war nicht zu erreichen.');
  expect(text(ALL[2]?.[0] as NoticeFacts)).toBe('Unbekannt: 10.20.0.1, 10.20.0.2 und 3 weitere. Vermisst: 10.20.0.9.');
  expect(text(ALL[7]?.[0] as NoticeFacts)).toContain('Der Server sagte: „no such subnet“.');
});
