// Before each test: a fresh document, English words and a fake of the agent.

import { cleanup } from '@testing-library/svelte';
import { afterEach, beforeEach } from 'vitest';

import { speak } from './i18n/index.svelte';
import { forgetAddresses } from './state/addresses.svelte';

beforeEach(() => speak('en'));
afterEach(() => {
  cleanup();
  forgetAddresses();
});
