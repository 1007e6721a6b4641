import { fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
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

it('what is chosen step by step stays chosen, also where its text would be read as something else', async () => {
  use(new FakeAgent(optionsOf(new URLSearchParams('frozen'))));
  await draft.load();
  render(ScheduleRow);
  const select = (name: string) => screen.getByLabelText<HTMLSelectElement>(name);
  const choose = (name: string, value: string) => fireEvent.change(select(name), { target: { value } });
  await choose('Every', '60');
  await choose('from', '20');
  await choose('to', '21');
  expect(['Every', 'from', 'to'].map((name) => select(name).value)).toEqual(['60', '20', '21']);
  await choose('to', '23');
  expect([select('Every').value, draft.value('schedule')]).toEqual(['60', '0 20-22 * * *']);
  draft.set('schedule', '2 h');
  await tick();
  expect(select('Every').value, 'another text is read anew').toBe('120');
});
