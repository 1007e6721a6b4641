// What a catalogue needs to build a sentence: numbers and plurals of its language.

/** Numbers and plurals in one locale. */
export interface Tools {
  /** 1,022 */
  n(value: number): string;
  /** Chooses by number; the words don't hold it. */
  plural(value: number, one: string, other: string): string;
  /** `1 host`, `1,022 hosts`. */
  count(value: number, one: string, other: string): string;
}

/** Tools for a language, in the locale that `locale` names at the time of use. */
export function tools(locale: () => string): Tools {
  const n = (value: number) => numberFormat(locale()).format(value);
  const plural = (value: number, one: string, other: string) => (pluralRules(locale()).select(value) === 'one' ? one : other);
  return { n, plural, count: (value, one, other) => `${n(value)} ${plural(value, one, other)}` };
}

const numbers = new Map<string, Intl.NumberFormat>();
const rules = new Map<string, Intl.PluralRules>();

function numberFormat(locale: string): Intl.NumberFormat {
  return remembered(numbers, locale, () => new Intl.NumberFormat(locale));
}

function pluralRules(locale: string): Intl.PluralRules {
  return remembered(rules, locale, () => new Intl.PluralRules(locale));
}

/** Making an Intl object takes longer than using it a thousand times. */
export function remembered<T>(all: Map<string, T>, key: string, make: () => T): T {
  const known = all.get(key);
  if (known !== undefined) return known;
  const made = make();
  all.set(key, made);
  return made;
}
