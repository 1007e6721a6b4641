// Beside the usual rules, the layers: views use parts, never the reverse, and only host/ knows Tauri.
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

const tauri = { group: ['@tauri-apps/*'], message: 'Only host/ may know Tauri.' };
const insideHost = { group: ['**/host/tauri*', '**/host/fake*', '**/host/fake/**'], message: 'Use `host` from host/index.ts.' };
const views = { group: ['**/views/**'], message: 'Views use parts, never the reverse.' };
const parts = { group: ['**/parts/**'], message: 'State and words know no components.' };
const state = { group: ['**/state/**'], message: 'This layer knows no state.' };

/** @param {string[]} files @param {object[]} patterns */
const layer = (files, patterns) => ({ files, rules: { 'no-restricted-imports': ['error', { patterns }] } });

export default ts.config(
  { ignores: ['node_modules', 'dist', '.demo', 'screenshots', 'src/host/bindings'] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Words from outside are shown as text, without exception.
      'svelte/no-at-html-tags': 'error',
      // A style attribute would need a wider content security policy; a style: directive sets a property by script.
      'no-restricted-syntax': ['error', { selector: 'SvelteAttribute[key.name="style"]', message: 'Use a class, or a style: directive.' }],
      // Every address is a hash of our own.
      'svelte/no-navigation-without-resolve': 'off',
      // A Map that is no state of the window needs no reactivity; state is written as $state.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  layer(['src/**/*'], [tauri, insideHost]),
  layer(['src/host/**/*'], [views, parts, state]),
  layer(['src/i18n/**/*'], [tauri, insideHost, views, parts, state]),
  layer(['src/state/**/*'], [tauri, insideHost, views, parts]),
  layer(['src/parts/**/*'], [tauri, insideHost, views]),
  {
    files: ['e2e/**/*', 'src/**/*.test.ts'],
    rules: { 'no-restricted-imports': 'off', 'no-console': 'off' },
  },
);
