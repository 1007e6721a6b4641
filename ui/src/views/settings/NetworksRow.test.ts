import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { use, type SettingValue } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { draft } from '../../state/draft.svelte';
import NetworksRow from './NetworksRow.svelte';

const KEY = 'allow_public';
const ONE = '203.0.113.0/24';
const OTHER = '198.51.100.0/24';

let agent: FakeAgent;
beforeEach(() => {
  agent = new FakeAgent(optionsOf(new URLSearchParams('frozen')));
  use(agent);
});
afterEach(() => draft.forget());

async function open(value: SettingValue = []): Promise<HTMLElement> {
  await agent.applySettings([{ key: KEY, value }]);
  await draft.load();
  render(NetworksRow, { key: KEY });
  return screen.getByRole('textbox', { name: 'Public networks' });
}

const shown = () => screen.queryAllByRole('button', { name: /^Remove / }).map((button) => button.getAttribute('title'));

describe('a list of networks', () => {
  it('takes a network once, however often it is pasted', async () => {
    const field = await open([OTHER]);
    await fireEvent.input(field, { target: { value: `${ONE} ${ONE}, ${OTHER}` } });
    await fireEvent.keyDown(field, { key: 'Enter' });
    expect(draft.value(KEY)).toEqual([OTHER, ONE]);
    expect(shown()).toEqual([`Remove ${OTHER}`, `Remove ${ONE}`]);
  });

  it('shows a network once that the settings file names twice, and takes it away as a whole', async () => {
    await open([ONE, ONE, OTHER]);
    expect(shown(), 'the page must hold, whatever the file says').toEqual([`Remove ${ONE}`, `Remove ${OTHER}`]);
    await fireEvent.click(screen.getByRole('button', { name: `Remove ${ONE}` }));
    expect(draft.value(KEY)).toEqual([OTHER]);
  });
});
