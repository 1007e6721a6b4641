import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { Mistake, Remark } from '../host';
import { FakeSettings } from '../host/fake/settings';
import { de } from './de';
import { en } from './en';
import { speak } from './index.svelte';
import { expectedWords, remarkWords } from './mistake.svelte';

afterEach(() => speak('en'));

const keys = readFileSync(join(import.meta.dirname, '../../../src-tauri/core/src/settings/keys.rs'), 'utf8');

/** The keys of the agent's own table, with what it says each takes. */
const TABLE = [...keys.matchAll(/^ {8}name: "(\w+)",$[\s\S]*?^ {8}expected: "(.*)",$/gm)].map(([, key, expected]) => ({ key: key as string, expected: expected as string }));
const FAKE = new FakeSettings(false).document().settings.map(({ key }) => key);

const mistake = (key: string, expects: object = { expects: 'value' }) => ({ key, found: '"x"', expected: 'the agent’s words', ...expects }) as Mistake;

it('the agent’s table of keys is found, and the fake has the same', () => {
  expect(TABLE.length).toBe(Number(/pub static KEYS: \[Key; (\d+)\]/.exec(keys)?.[1]));
  expect([...FAKE].sort()).toEqual(TABLE.map(({ key }) => key).sort());
});

describe.each([
  ['en', en],
  ['de', de],
] as const)('what is expected, in %s,', (language, words) => {
  it.each(TABLE.map(({ key }) => key))('has words for %s', (key) => {
    speak(language);
    const said = expectedWords(mistake(key));
    expect(said).not.toBe('the agent’s words');
    expect(said, 'follows “Expected:” and is followed by a full stop').not.toMatch(/^\s|[.\s]$|^$/);
  });

  it('has words for nothing that is no key', () => {
    const known = TABLE.map(({ key }) => key);
    expect(Object.keys(words.mistakes.values).filter((key) => !known.includes(key))).toEqual([]);
  });

  it('is said as the agent says it for a key or a code that is newer than the window', () => {
    speak(language);
    for (const unknown of [mistake('from_the_future'), mistake('toString'), mistake('http_port', { expects: 'from-the-future' })]) expect(expectedWords(unknown)).toBe('the agent’s words');
  });
});

it('German is not English', () => {
  for (const { key, expected } of TABLE) expect(de.mistakes.values[key], key).not.toBe(expected);
});

it('facts stand in the words', () => {
  speak('de');
  expect(expectedWords(mistake('allow_public', { expects: 'network', network: '198.51.100.0/24', address: '198.51.100.7' }))).toBe('198.51.100.0/24 oder 198.51.100.7');
  expect(expectedWords(mistake('http_server', { expects: 'port', port: 8_443 }))).toContain('8443');
  expect(expectedWords(mistake('http_prot', { expects: 'known-key', nearest: 'http_port' }))).toBe('eine Einstellung, die es gibt, etwa http_port');
  expect(expectedWords(mistake('http_prot', { expects: 'known-key', nearest: null }))).toBe('eine Einstellung, die es gibt');
  expect(expectedWords(mistake('client_token', { expects: 'no-secret', name: 'client_token' })), 'names no command of the command line').not.toContain('fieldscan ');
});

describe('a remark on a settings file', () => {
  const remark = (more: object) => ({ code: 'unknown-key', line: 3, column: 1, key: 'http_prot', nearest: null, words: '3:1: the agent’s words', ...more }) as Remark;

  it('is said in the language that is spoken', () => {
    expect(remarkWords(remark({}))).toBe('Line 3: http_prot is not known here and not used.');
    speak('de');
    expect(remarkWords(remark({}))).toBe('Zeile 3: http_prot ist hier unbekannt und wird nicht verwendet.');
    expect(remarkWords(remark({ nearest: 'http_port' }))).toContain('Vielleicht ist http_port gemeint.');
    expect(remarkWords(remark({ key: null }))).not.toContain('null');
  });

  it('is the agent’s own if it is newer than the window', () => {
    speak('de');
    expect(remarkWords(remark({ code: 'from-the-future' }))).toBe('3:1: the agent’s words');
  });
});
