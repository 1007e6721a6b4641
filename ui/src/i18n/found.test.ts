import { afterEach, describe, expect, it } from 'vitest';

import { STEPS } from '../host/types';
import { examine } from '../host/fake/doctor';
import { FakeSettings } from '../host/fake/settings';
import type { DoctorFound, DoctorStep } from '../host';
import { en } from './en';
import { foundWords } from './found.svelte';
import { speak } from './index.svelte';

afterEach(() => speak('en'));

/** Facts that every code finds what it needs in. */
const FACTS = { secret: 'client_token', source: 'keychain', auth_token: null, url: 'https://ipam.example.com', port: 443, id: 3, name: 'depot', assigned: 1_400, scanned: 3, host: 'scan.example.com', version: '7.95', path: '/usr/bin/nmap', apart: 3 };
const step = (code: string, facts: object = {}): DoctorStep => ({ id: 'clock', title: 'Clock', outcome: 'ok', detail: 'the agent’s words', found: { ...FACTS, code, ...facts } as DoctorFound });

describe.each(['en', 'de'] as const)('what a step found, in %s,', (language) => {
  it.each(Object.keys(en.found))('is said for %s', (code) => {
    speak(language);
    const said = foundWords(step(code));
    expect(said).not.toBe('the agent’s words');
    expect(said, 'leaves nothing out').not.toMatch(/undefined|NaN|null|\[object|^$/);
    expect(said, 'names no command of the command line').not.toMatch(/`fieldscan /);
  });

  it('is said as the agent says it for a code that is newer than the window', () => {
    speak(language);
    expect(foundWords(step('from-the-future'))).toBe('the agent’s words');
    expect(foundWords(step('toString')), 'and for a code that JavaScript would know').toBe('the agent’s words');
    expect(foundWords({ id: 'clock', title: 'Clock', outcome: 'ok' })).toBe('');
  });
});

it('no step of the fake is said in English in a German window', () => {
  const steps = examine(new FakeSettings(false), new Set());
  expect(steps.map(({ id }) => id)).toEqual(STEPS);
  const english = steps.map(foundWords);
  speak('de');
  const german = steps.map(foundWords);
  const same = STEPS.filter((_, index) => german[index] === english[index]);
  expect(same, 'a version and a path are the same everywhere').toEqual(['nmap']);
});

it('facts stand in the words', () => {
  speak('de');
  expect(foundWords(step('subnets'))).toBe('1.400 Subnetze, davon 3 gescannt; die Übersicht sagt, warum die anderen nicht');
  expect(foundWords(step('subnets', { assigned: 1, scanned: 1 }))).toBe('1 Subnetz');
  expect(foundWords(step('clock', { apart: 1 }))).toBe('Wie die der Server');
  expect(foundWords(step('clock'))).toBe('3 s neben der der Server');
  expect(foundWords(step('secrets', { auth_token: 'environment' }))).toBe('API-Token aus dem Schlüsselbund; Token des Scan-Servers aus der Umgebung');
});
