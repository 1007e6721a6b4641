import { render } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';

import { use } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { speak } from '../../i18n/index.svelte';
import { choose } from '../../i18n/locale';
import { draft } from '../../state/draft.svelte';
import ScheduleRow from './ScheduleRow.svelte';

afterEach(() => {
  draft.forget();
  choose(['en-GB']);
});

/** The hours until which it can scan, as people of a locale read them. */
async function hours(locale: string): Promise<string[]> {
  // The locale counts from when its language is spoken anew.
  const language = choose([locale]);
  speak(language === 'en' ? 'de' : 'en');
  speak(language);
  use(new FakeAgent(optionsOf(new URLSearchParams('frozen'))));
  await draft.load();
  const { container, unmount } = render(ScheduleRow);
  const select = container.querySelector('#setting-schedule-to') as HTMLSelectElement;
  const all = [...select.options].map((option) => option.text.replace(/\s/g, ' '));
  unmount();
  return all;
}

it.each([
  ['en-US', '11:00 PM', 'midnight'],
  ['en-GB', '23:00', 'midnight'],
  ['de-DE', '23:00', 'Mitternacht'],
])('the last hours of a day are read in %s as %s and %s', async (locale, last, midnight) => {
  expect((await hours(locale)).slice(-2)).toEqual([last, midnight]);
});
