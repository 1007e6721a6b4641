import { fireEvent, render, screen } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, expect, it } from 'vitest';

import { use, type SettingValue } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { draft } from '../../state/draft.svelte';
import ChoiceRow from './ChoiceRow.svelte';

const KEY = 'cache_expire_time';

afterEach(() => draft.forget());

async function open(value: SettingValue | null): Promise<void> {
  const agent = new FakeAgent(optionsOf(new URLSearchParams('frozen')));
  use(agent);
  await agent.applySettings([{ key: KEY, value }]);
  await draft.load();
  render(ChoiceRow, { key: KEY, open: true, durations: true, options: [{ value: 3_600, label: '1 h' }, { value: 86_400, label: '1 day' }] });
}

const field = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Expires after, as text' });
async function type(text: string): Promise<void> {
  await fireEvent.input(field(), { target: { value: text } });
  await tick();
}

it('any other value can be typed anew, from an empty field', async () => {
  await open(3_600);
  await fireEvent.change(screen.getByRole('combobox'), { target: { value: 'other' } });
  expect(field().value).toBe('3600');
  await type('');
  expect([field().value, field().placeholder], 'the default is only a hint').toEqual(['', 'By default 1 day']);
  await type('7');
  expect([field().value, draft.value(KEY)]).toEqual(['7', 7]);
});

it('the field stays while a usual value is typed in it', async () => {
  await open(7_000);
  await type('');
  await type('3600');
  expect(field().value).toBe('3600');
});
