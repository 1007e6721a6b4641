// Which language is spoken, and in which locale its dates and numbers are written.

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The locale of each language, as the person's system has it: `en-GB` or `en-US`, `de-AT` or `de-DE`. */
export const locales: Record<Language, string> = { en: 'en-GB', de: 'de-DE' };

/** The first language that the person reads and that there is a catalogue for. Notes its locale. */
export function choose(wanted: readonly string[]): Language {
  let chosen: Language | undefined;
  for (const locale of wanted) {
    const language = LANGUAGES.find((one) => locale.toLowerCase().split('-')[0] === one);
    if (!language) continue;
    chosen ??= language;
    // A bare `en` says nothing about how times are written.
    if (locale.includes('-') && chosen === language) {
      locales[language] = locale;
      break;
    }
  }
  return chosen ?? 'en';
}
