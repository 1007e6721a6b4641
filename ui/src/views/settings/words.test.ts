import { afterEach, describe, expect, it } from 'vitest';

import { speak, t, type Language } from '../../i18n/index.svelte';
import { locales } from '../../i18n/locale';
import { changeWords, valueWords } from './words';

afterEach(() => speak('en'));

describe('a schedule in words', () => {
  it.each<[Language, string, string]>([
    ['en', 'off', 'never'],
    ['en', '30 min', 'every 30 min, all day, every day'],
    ['en', '*/30 6-19 * * 1-5', 'every 30 min from 06:00 to 20:00, Mo–Fr'],
    ['en', '0 8-23/2 * * 1,3-5,7', 'every 2 h from 08:00 to midnight, Mo, We–Fr, Su'],
    ['en', '0 6 * * *', 'at 06:00, every day'],
    ['en', '1 day', 'at 00:00, every day'],
    ['en', '15 6 1 * *', '15 6 1 * *'],
    ['de', 'off', 'nie'],
    ['de', '30 min', 'alle 30 min, den ganzen Tag, jeden Tag'],
    ['de', '*/30 6-19 * * 1-5', 'alle 30 min von 06:00 bis 20:00, Mo–Fr'],
    ['de', '0 6 * * 6,7', 'um 06:00, Sa–So'],
  ])('in %s, %j is “%s”', (language, text, words) => {
    locales[language] = { en: 'en-GB', de: 'de-DE' }[language];
    speak(language);
    expect(valueWords('schedule', text, t())).toBe(words);
  });

  it('says all that changes', () => {
    const setting = { key: 'schedule', value: '30 min', set: true, default: false, default_value: 'off', help: '' };
    expect(changeWords(setting, 'schedule', '*/30 6-19 * * 1-5', t())).toBe('every 30 min, all day, every day → every 30 min from 06:00 to 20:00, Mo–Fr');
  });
});
