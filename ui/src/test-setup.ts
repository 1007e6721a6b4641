// Before each test: a fresh document, English words and a fake of the agent.

import { cleanup, configure } from '@testing-library/svelte';
import { afterEach, beforeEach, vi } from 'vitest';

import { speak } from './i18n/index.svelte';
import { forgetAddresses } from './state/addresses.svelte';

// A bound for waiting, not a wait: on a busy machine things take longer.
configure({ asyncUtilTimeout: 15_000 });

// Nothing is laid out here, so nothing could come into view.
vi.stubGlobal('IntersectionObserver', undefined);

beforeEach(() => speak('en'));
afterEach(() => {
  cleanup();
  forgetAddresses();
});
