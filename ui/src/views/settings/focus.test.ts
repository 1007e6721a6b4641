// Where the keyboard goes on when the control that had the focus is gone.

import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';

import { FakeAgent, optionsOf } from '../../host/fake';
import { refusals } from '../../state/commands.svelte';
import { bench, open } from './bench';

const its = bench(() => new FakeAgent(optionsOf(new URLSearchParams('frozen'))));

/** As a key does: the control has the focus when it is pressed. */
async function press(name: string | RegExp): Promise<void> {
  const button = screen.getByRole('button', { name });
  button.focus();
  await fireEvent.click(button);
}

const focused = () => document.activeElement;

describe('the focus', () => {
  it.each(['Apply', 'Reset'])('goes to the first changed field after %s', async (name) => {
    const port = await open();
    await fireEvent.input(port, { target: { value: '8434' } });
    await press(name);
    await waitFor(() => expect(screen.queryByRole('button', { name })).toBeNull());
    await waitFor(() => expect(focused()).toBe(port));
  });

  it('goes to the option that is chosen, not to the first', async () => {
    await open();
    await fireEvent.click(screen.getByRole('radio', { name: 'Fast' }));
    await press('Reset');
    await waitFor(() => expect(focused()).toBe(screen.getByRole('radio', { name: 'Normal' })));
  });

  it('stays at Apply if the agent refuses', async () => {
    vi.spyOn(its.agent, 'applySettings').mockRejectedValue({ code: 'disk-full', what: 'The disk is full.', remedy: 'Make room.' });
    const port = await open();
    await fireEvent.input(port, { target: { value: '8434' } });
    await press('Apply');
    await waitFor(() => expect(refusals.all).toHaveLength(1));
    await waitFor(() => expect(focused()).toBe(screen.getByRole('button', { name: 'Apply' })));
    expect(screen.getByRole('button', { name: 'Apply' })).toHaveProperty('disabled', false);
  });

  it('goes into the text of an import that is opened, and back when it is cancelled', async () => {
    await open();
    await press('Import scan_agent.yaml…');
    await waitFor(() => expect(focused()).toBe(screen.getByRole('textbox', { name: 'Text of scan_agent.yaml' })));
    await press('Cancel');
    await waitFor(() => expect(focused()).toBe(screen.getByRole('button', { name: 'Import scan_agent.yaml…' })));
  });

  it('goes back to the button after an import, whose result is announced', async () => {
    await open();
    const status = () => screen.getAllByRole('status').filter((one) => one.closest('#section-import'));
    expect(status(), 'a region is announced that was there before').toHaveLength(1);
    await press('Import scan_agent.yaml…');
    await fireEvent.input(screen.getByRole('textbox', { name: 'Text of scan_agent.yaml' }), { target: { value: 'http_port: 9000' } });
    await press('Import');
    const result = await screen.findByText('1 setting taken over');
    expect(status()[0]?.contains(result)).toBe(true);
    await waitFor(() => expect(focused()).toBe(screen.getByRole('button', { name: 'Import scan_agent.yaml…' })));
  });

  it('stays at the button of an import that was refused', async () => {
    await open();
    await press('Import scan_agent.yaml…');
    const field = screen.getByRole('textbox', { name: 'Text of scan_agent.yaml' });
    await fireEvent.input(field, { target: { value: 'nothing that is known' } });
    await press('Import');
    await waitFor(() => expect(refusals.all).toHaveLength(1));
    const button = screen.getByRole('button', { name: 'Import' });
    expect([focused(), button.hasAttribute('disabled')], 'a button that is off loses the focus').toEqual([button, false]);
  });

  it('goes to the button that sets a secret, once it was removed', async () => {
    await open();
    await press('API token: Remove');
    expect(focused(), 'what can be taken back comes first').toBe(screen.getByRole('button', { name: 'Keep' }));
    await press('Keep');
    expect(focused()).toBe(screen.getByRole('button', { name: 'API token: Remove' }));
    await press('API token: Remove');
    await press('Remove');
    const set = await screen.findByRole('button', { name: 'API token: Set…' });
    await waitFor(() => expect(focused()).toBe(set));
  });
});
