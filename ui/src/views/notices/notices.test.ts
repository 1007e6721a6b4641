import { render, screen } from '@testing-library/svelte';
import { afterEach, expect, it } from 'vitest';

import { use } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { speak } from '../../i18n/index.svelte';
import Notices from './Notices.svelte';

afterEach(() => speak('en'));

it('a German window says in German what was told, and an old notice in the words that it was told in', async () => {
  use(new FakeAgent(optionsOf(new URLSearchParams('frozen&speed=1000'))));
  speak('de');
  render(Notices);
  expect(await screen.findByText('Neuer unbekannter Host')).toBeTruthy();
  expect(screen.getByText('10.20.0.131, raspberrypi, in Depot – office. Er steht nicht in phpIPAM.')).toBeTruthy();
  expect(screen.getByText('Bericht abgelehnt')).toBeTruthy();
  expect(screen.queryByText('New unknown host')).toBeNull();
  expect(screen.getByText('Offline for 1 hour')).toBeTruthy();
});
