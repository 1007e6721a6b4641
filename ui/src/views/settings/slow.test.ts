// What an agent that takes its time shows meanwhile, and where the keyboard is then.

import { fireEvent, screen, waitFor } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';

import { FakeAgent, optionsOf } from '../../host/fake';
import { refusals } from '../../state/commands.svelte';
import { draft } from '../../state/draft.svelte';
import { toast } from '../../state/toast.svelte';
import { bench, open } from './bench';

const its = bench(() => new FakeAgent(optionsOf(new URLSearchParams('frozen'))));

/** Has a method of the agent answer only when the test lets it. */
function slow(name: 'setSecret' | 'deleteSecret' | 'importSettings' | 'checkSettings' | 'applySettings'): () => void {
  let answer = (): void => undefined;
  const gate = new Promise<void>((resolve) => (answer = resolve));
  const at = Reflect.get(its.agent, name) as (...all: unknown[]) => Promise<unknown>;
  vi.spyOn(its.agent, name).mockImplementation((...all: unknown[]) => gate.then(() => at.apply(its.agent, all)) as never);
  return answer;
}

async function press(name: string): Promise<void> {
  const button = screen.getByRole('button', { name });
  button.focus();
  await fireEvent.click(button);
}
/** Until whatever follows an answer at once has happened. */
const turn = () => new Promise((resolve) => setTimeout(resolve));
const isOff = (name: string) => screen.getByRole('button', { name }).getAttribute('aria-disabled') === 'true';

describe('a secret, while the keychain takes its time', () => {
  async function save(): Promise<HTMLInputElement> {
    await press('API token: Replace…');
    const field = screen.getByLabelText<HTMLInputElement>('New API token');
    await fireEvent.input(field, { target: { value: 'secret-token' } });
    await press('Save');
    return field;
  }

  it('shows that it is being saved, which can no longer be cancelled', async () => {
    const answer = slow('setSecret');
    await open();
    const field = await save();
    expect([isOff('Saving…'), isOff('Cancel'), field.readOnly]).toEqual([true, true, true]);
    await fireEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    await fireEvent.keyDown(field, { key: 'Escape' });
    expect(screen.getByLabelText('New API token'), 'the row stays as long as the secret may yet be stored').toBe(field);
    answer();
    const again = await screen.findByRole('button', { name: 'API token: Replace…' });
    await waitFor(() => expect(document.activeElement, 'the keyboard was in the row').toBe(again));
  });

  it('leaves the keyboard where the person goes on meanwhile', async () => {
    const answer = slow('setSecret');
    const port = await open();
    await save();
    port.focus();
    answer();
    await screen.findByRole('button', { name: 'API token: Replace…' });
    await waitFor(() => expect(toast.words).toBe('API token: stored in the keychain.'));
    await turn();
    expect(document.activeElement).toBe(port);
  });

  it('can be typed anew once the keychain has refused it', async () => {
    vi.spyOn(its.agent, 'setSecret').mockRejectedValue({ code: 'keychain-locked', what: 'The keychain is locked.', remedy: 'Unlock it.' });
    await open();
    const field = await save();
    await waitFor(() => expect(refusals.all).toHaveLength(1));
    await waitFor(() => expect([isOff('Save'), isOff('Cancel'), field.readOnly]).toEqual([false, false, false]));
  });

  it('shows that it is being removed', async () => {
    const answer = slow('deleteSecret');
    await open();
    await press('API token: Remove');
    await press('Remove');
    expect([isOff('Removing…'), isOff('Keep')]).toEqual([true, true]);
    answer();
    expect(await screen.findByRole('button', { name: 'API token: Set…' })).toBeTruthy();
  });
});

describe('an import, while it goes on', () => {
  it('shows so, and leaves the keyboard where the person goes on', async () => {
    const answer = slow('importSettings');
    const port = await open();
    await press('Import scan_agent.yaml…');
    const text = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Text of scan_agent.yaml' });
    await fireEvent.input(text, { target: { value: 'http_port: 9000' } });
    await press('Import');
    expect([isOff('Importing…'), isOff('Cancel'), isOff('Choose a file…'), text.readOnly]).toEqual([true, true, true, true]);
    port.focus();
    answer();
    await screen.findByText('1 setting taken over');
    await screen.findByRole('button', { name: 'Import scan_agent.yaml…' });
    await turn();
    expect(document.activeElement).toBe(port);
  });
});

describe('changes, while they are applied', () => {
  it('show so, and can no longer be taken back', async () => {
    const answer = slow('applySettings');
    const port = await open();
    await fireEvent.input(port, { target: { value: '8434' } });
    await press('Apply');
    const button = await screen.findByRole('button', { name: 'Applying…' });
    expect([isOff('Applying…'), isOff('Reset')]).toEqual([true, true]);
    expect(document.activeElement, 'a button that says why it is off keeps the keyboard').toBe(button);
    await fireEvent.click(screen.getByRole('button', { name: 'Reset' }));
    expect(draft.value('http_port')).toBe(8434);
    answer();
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Applying…' })).toBeNull());
    expect(port.value).toBe('8434');
  });

  it('leave the keyboard where the person goes on, also for a mistake', async () => {
    const port = await open();
    await fireEvent.input(port, { target: { value: '84340' } });
    const answer = slow('checkSettings');
    await press('Apply');
    const battery = screen.getByRole('textbox', { name: 'On battery' });
    battery.focus();
    answer();
    await waitFor(() => expect(port.getAttribute('aria-invalid')).toBe('true'));
    await waitFor(() => expect(draft.applying).toBe(false));
    await turn();
    expect(document.activeElement).toBe(battery);
  });
});
