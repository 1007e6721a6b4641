// The words of the window, by language. Use `t()` for words and `format()` for numbers and times; both follow the language.

import { de } from './de';
import { en } from './en';
import { Format } from './format';
import { choose, locales, type Language } from './locale';

/** Every catalogue has every key of the English one: a missing one is a type error. */
export type Words = typeof en;

const catalogues: Record<Language, Words> = { en, de };

const system = typeof navigator === 'undefined' ? ['en'] : navigator.languages;
const state = $state({ language: choose(system) });

const formats = $derived(new Format(locales[state.language], catalogues[state.language].time));

/** The words in the language that is spoken. */
export function t(): Words {
  return catalogues[state.language];
}

/** Numbers, times, ages and durations as that language writes them. */
export function format(): Format {
  return formats;
}

export function language(): Language {
  return state.language;
}

/** Speaks another language. */
export function speak(language: Language): void {
  state.language = language;
  document.documentElement.lang = language;
}

export { Format } from './format';
export type { Language } from './locale';
