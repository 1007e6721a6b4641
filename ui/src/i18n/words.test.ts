import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { ProblemDocument, ProblemFacts } from '../host';
import { de } from './de';
import { en } from './en';
import { choose, locales } from './locale';
import { speak } from './index.svelte';
import { problemWords } from './problem.svelte';
import { refusalWords } from './refusal.svelte';

/** Facts that every problem finds what it needs in. */
const FACTS = {
  key: 'api_url',
  name: 'client_token',
  detail: 'some detail',
  words: 'their words',
  status: 503,
  network: '10.9.0.0/24',
  subnet: 101,
  cidr: '10.9.0.0/24',
  refusal: { refusal: 'public' },
  path: '/usr/bin/nmap',
  program: true,
  pid: 4711,
  found: '6.47',
  needed: '7.40',
  report: 12,
  missing: 2,
  of: 22,
  up: 20,
  by: 'reset',
  ahead: -102,
  offset: 102,
};

const problem = (code: string) => ({ ...FACTS, code, severity: 'needs-person', area: '', what: 'The agent’s words.', remedy: 'The agent’s remedy.' }) as unknown as ProblemDocument;
const codes = Object.keys(en.problems) as (keyof ProblemFacts)[];

/** All plain texts of a catalogue, with where they stand. */
function textsOf(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => textsOf(one, `${path}.${key}`));
}

describe.each([
  ['en', en],
  ['de', de],
] as const)('the words in %s', (language, words) => {
  it('have no exclamation marks and no spaces at their ends', () => {
    for (const [path, text] of textsOf(words)) {
      expect(text, path).not.toMatch(/!/);
      expect(text, path).toBe(text.trim());
    }
  });

  it.each(codes)('say what %s means and what to do', (code) => {
    speak(language);
    const told = problemWords(problem(code), (id) => `Subnet ${id}`);
    for (const text of [told.what, told.remedy]) {
      expect(text, 'is a sentence').toMatch(/^[\p{Lu}„“\d`/]|^phpIPAM|^nmap/u);
      expect(text, 'ends as one').toMatch(/[.“”]$/u);
      expect(text, 'leaves nothing out').not.toMatch(/undefined|NaN|\[object/);
      expect(text, 'names no command of the command line').not.toMatch(/`fieldscan /);
    }
    expect(told.what).not.toBe('The agent’s words.');
  });

  it('use the agent’s own for a problem that is newer than the window', () => {
    speak(language);
    expect(problemWords(problem('from-the-future'), String)).toEqual({ what: 'The agent’s words.', remedy: 'The agent’s remedy.' });
    expect(problemWords(problem('toString'), String).what, 'and for a code that JavaScript would know').toBe('The agent’s words.');
  });
});

it('there are words for every refusal of the agent’s', () => {
  const folder = join(import.meta.dirname, '../../../src-tauri/src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.rs'));
  const codes = sources.flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/(?:Refusal|Self)::new\(\s*"([a-z-]+)"/g)].map(([, code]) => code ?? ''));
  expect(codes.length, 'they were found').toBeGreaterThan(12);
  // Nobody can be refused a pause or a secret that the window knows no name of.
  const impossible = ['no-pause', 'no-such-secret'];
  expect([...new Set(codes)].filter((code) => !impossible.includes(code) && !Object.hasOwn(en.refusals, code))).toEqual([]);
  speak('de');
  expect(refusalWords({ code: 'no-browser', what: 'No browser could be opened.', remedy: '' }, String).what).toBe('Kein Browser ließ sich öffnen.');
  expect(refusalWords({ code: 'from-the-future', what: 'The agent’s words.', remedy: '' }, String).what).toBe('The agent’s words.');
});

it('both catalogues have the same keys, down to the last', () => {
  expect(textsOf(de).map(([path]) => path)).toEqual(textsOf(en).map(([path]) => path));
});

it('counts are bent by their number', () => {
  expect(en.overview.waiting(1)).toBe('1 report waits');
  expect(en.overview.waiting(1_200)).toBe('1,200 reports wait');
  expect(de.overview.waiting(1)).toBe('1 Bericht wartet');
  expect(de.overview.waiting(1_200)).toBe('1.200 Berichte warten');
});

describe('the language', () => {
  it.each([
    [['de-AT', 'en'], 'de', 'de-AT'],
    [['fr-FR', 'en-US'], 'en', 'en-US'],
    [['fr', 'es'], 'en', null],
    [['en', 'en-US', 'de-DE'], 'en', 'en-US'],
  ] as const)('for %j is %s', (wanted, language, locale) => {
    expect(choose(wanted)).toBe(language);
    if (locale) expect(locales[language]).toBe(locale);
    Object.assign(locales, { en: 'en-GB', de: 'de-DE' });
  });
});

it('say it as people do, and the same thing the same way', () => {
  const all = (words: typeof en) => textsOf(words).map(([, text]) => text).join('\n');
  expect(all(de), 'the notifications have one name').not.toContain('Mitteilung');
  expect([en.notices.headline(3), de.notices.headline(3)]).toEqual(['3 recent notices.', 'Die letzten 3 Meldungen.']);
  expect([en.notices.headline(1), de.notices.headline(1)]).toEqual(['1 recent notice.', 'Die letzte Meldung.']);
  expect([de.setup.test.failed(1), de.setup.test.failed(2)]).toEqual(['Eingreifen nötig: 1 Schritt nicht bestanden.', 'Eingreifen nötig: 2 Schritte nicht bestanden.']);
  expect([de.history.facts.started, de.history.triggers.schedule]).toEqual(['Auslöser', 'Zeitplan']);
});
