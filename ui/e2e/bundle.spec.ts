// What is shipped: small, whole, and nothing in it that a strict content security policy would forbid.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '..', '.demo');
const files = ['index.html', ...readdirSync(join(FOLDER, 'assets')).map((name) => join('assets', name))];
const text = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

/** The fake agent is only in the demo build. */
const shipped = files.filter((name) => !name.includes('fake-'));

it('is under 250 kB, gzipped', () => {
  const sizes = shipped.map((name) => gzipSync(readFileSync(join(FOLDER, name))).length);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`${Math.round(all / 1_000)} kB in ${shipped.length} files`);
  expect(all).toBeLessThan(250_000);
});

it('has no script or style inside the page, and none inside an element', () => {
  const html = text('index.html');
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i);
  for (const name of shipped.filter((one) => one.endsWith('.js'))) {
    // Svelte makes elements from templates: a style attribute in one would be refused.
    expect(text(name), name).not.toMatch(/<[a-z][^<>`]*\sstyle="/);
    expect(text(name), name).not.toMatch(/\beval\(|new Function\(/);
  }
});

it('names no file or font elsewhere', () => {
  for (const name of shipped) {
    if (name.endsWith('.css')) expect(text(name), name).not.toMatch(/url\(|@import|@font-face/);
    if (name.endsWith('.html')) expect(text(name), name).not.toMatch(/https?:\/\//);
  }
});
