import { describe, expect, it } from 'vitest';

import type { SettingDocument } from '../host';
import { FakeAgent, optionsOf } from '../host/fake';
import { changesOf, secondsOf, sectionOf, typed } from './settings';

const port: SettingDocument = { key: 'http_port', value: 8443, set: true, default: false, default_value: 8000, help: '' };
const schedule: SettingDocument = { key: 'schedule', value: 'off', set: true, default: true, default_value: 'off', help: '' };
const user: SettingDocument = { key: 'client_user', value: null, set: false, default: true, default_value: null, help: '' };
const code: SettingDocument = { key: 'scanagent_code', value: null, set: true, default: false, default_value: null, help: '' };
const networks: SettingDocument = { key: 'allow_public', value: ['203.0.113.0/24'], set: true, default: false, default_value: [], help: '' };

describe('what would change', () => {
  const changes = (edits: [string, SettingDocument['value']][]) => changesOf([port, schedule, user, code, networks], new Map(edits));

  it('is what differs from what is applied', () => {
    expect(changes([['http_port', 8434]])).toEqual([{ key: 'http_port', value: 8434 }]);
    expect(changes([['allow_public', []]])).toEqual([{ key: 'allow_public', value: [] }]);
  });

  it('is nothing once it was typed back', () => {
    expect(changes([['http_port', 8443], ['allow_public', ['203.0.113.0/24']], ['schedule', 'off']])).toEqual([]);
    expect(changes([['http_port', '8443']])).toEqual([]);
  });

  it('takes a setting out, but not one that is at its default', () => {
    expect(changes([['http_port', null], ['schedule', null], ['client_user', null], ['scanagent_code', null]])).toEqual([{ key: 'http_port', value: null }, { key: 'scanagent_code', value: null }]);
  });
});

it('is told by the fake as by the agent: a default counts as set, and a value that equals it as the default', async () => {
  const fake = new FakeAgent(optionsOf(new URLSearchParams('frozen')));
  await fake.applySettings([{ key: 'profile', value: 'normal' }]);
  const { settings } = await fake.settings();
  const told = (key: string) => settings.filter((one) => one.key === key).map((one) => [one.value, one.set, one.default]);
  expect(['profile', 'log_level', 'allow_public', 'http_port', 'client_user', 'scanagent_code'].map((key) => told(key)[0])).toEqual([
    ['normal', true, true],
    ['info', true, true],
    [[], true, true],
    [8443, true, false],
    [null, false, true],
    [null, true, false],
  ]);
});

it('reads digits as a number only where the setting is one', () => {
  expect([typed(port, ' 8434 '), typed(port, 'x8'), typed(port, '  '), typed({ ...schedule, key: 'scanagent_code' }, '0042')]).toEqual([8434, 'x8', null, '0042']);
});

it.each([
  [86_400, 86_400],
  ['86400', 86_400],
  ['30 min', 1_800],
  ['1 h 30min', 5_400],
  ['90 days', 7_776_000],
  ['0 s', 0],
  ['soon', null],
  ['5 parsecs', null],
  ['', null],
  [null, null],
])('%j is %j seconds', (text, seconds) => expect(secondsOf(text)).toBe(seconds));

it('has a section for every key, also for one from the future', () => {
  expect([sectionOf('auth_token'), sectionOf('log_level'), sectionOf('from_the_future'), sectionOf('constructor')]).toEqual(['server', 'logs', 'other', 'other']);
});
