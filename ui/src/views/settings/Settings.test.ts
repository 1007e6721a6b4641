import { fireEvent, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';

import { use, type Host } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { refusals } from '../../state/commands.svelte';
import { toast } from '../../state/toast.svelte';
import { bench, open } from './bench';

const its = bench(() => new FakeAgent(optionsOf(new URLSearchParams('frozen&speed=1000'))));

describe('the settings', () => {
  it('show every key that the agent has', async () => {
    await open();
    const { settings } = await its.agent.settings();
    for (const { key } of settings) expect(document.querySelector(`[data-key="${key}"]`), key).not.toBeNull();
  });

  it('show a key that this window does not know', async () => {
    const document_ = await its.agent.settings();
    use({ ...hostOf(its.agent), settings: async () => ({ ...document_, settings: [...document_.settings, { key: 'from_the_future', value: 'x', set: true, default: false, default_value: null, help: 'What it is for.' }] }) });
    await open();
    expect(screen.getByRole('textbox', { name: 'from_the_future' })).toBeTruthy();
    expect(screen.getByText('What it is for.')).toBeTruthy();
  });

  it('apply what was changed, and say before what it would be', async () => {
    const port = await open();
    await fireEvent.input(port, { target: { value: '8434' } });
    expect(screen.getByText('1 change')).toBeTruthy();
    expect(screen.getByText('was 8443')).toBeTruthy();
    await fireEvent.click(screen.getByRole('button', { name: 'Apply' }));
    await waitFor(() => expect(screen.queryByText('1 change')).toBeNull());
    expect((await its.agent.settings()).settings.find((one) => one.key === 'http_port')?.value).toBe(8434);
  });

  it('say what an import would change before it is done', async () => {
    await open();
    await fireEvent.click(screen.getByRole('button', { name: 'Import scan_agent.yaml…' }));
    await fireEvent.input(screen.getByRole('textbox', { name: 'Text of scan_agent.yaml' }), { target: { value: 'http_port: 8434\nclient_name: fieldscan\nauth_token: its-token\nscanagent_code: its-code' } });
    const box = screen.getByText('3 values would change:').parentElement as HTMLElement;
    expect(within(box).getAllByRole('listitem').map((item) => item.textContent)).toEqual(['Scan server: Port 8443 → 8434', 'phpIPAM: Scan agent code another one, not shown', 'Token goes to the keychain']);
    expect((await its.agent.settings()).settings.find((one) => one.key === 'http_port')?.value).toBe(8443);
  });

  it('keep the text of an import as long as one of its secrets is kept nowhere', async () => {
    use({ ...hostOf(its.agent), importSettings: async () => ({ settings: [], secrets: [{ name: 'auth_token', kept_in: 'nowhere' }], warnings: [] }) });
    await open();
    await fireEvent.click(screen.getByRole('button', { name: 'Import scan_agent.yaml…' }));
    const field = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Text of scan_agent.yaml' });
    await fireEvent.input(field, { target: { value: 'auth_token: its-token' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Import' }));
    await screen.findByText('Token: has another value elsewhere, and was stored nowhere');
    expect(field.value).toBe('auth_token: its-token');
  });

  it('show a default as a hint, not as something that was chosen', async () => {
    const port = await open();
    await fireEvent.input(port, { target: { value: '' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Apply' }));
    await waitFor(() => expect(screen.queryByText('1 change')).toBeNull());
    expect([port.value, port.placeholder]).toEqual(['', 'By default 8000']);
    const battery = screen.getByRole('textbox', { name: 'On battery' }) as HTMLInputElement;
    expect([battery.value, battery.placeholder]).toEqual(['', 'By default 20']);
    await fireEvent.input(battery, { target: { value: '3' } });
    await fireEvent.input(battery, { target: { value: '' } });
    expect(screen.queryByText('1 change'), 'to clear it changes nothing').toBeNull();
  });

  it('mark a wrong value at its field, and do not apply it', async () => {
    const port = await open();
    await fireEvent.input(port, { target: { value: '84340' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Apply' }));
    const words = await screen.findByText('Expected: a port from 1 to 65535.');
    expect(words.parentElement?.querySelector('svg'), 'with the sign that it has in the set-up').not.toBeNull();
    expect(port.getAttribute('aria-invalid')).toBe('true');
    expect(document.activeElement).toBe(port);
    expect((await its.agent.settings()).settings.find((one) => one.key === 'http_port')?.value).toBe(8443);
  });

  it('go back to what is applied', async () => {
    const port = await open();
    await fireEvent.input(port, { target: { value: '1' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Reset' }));
    expect(port.value).toBe('8443');
    expect(screen.queryByText('1 change')).toBeNull();
  });

  it('keep what was typed when the agent refuses, and show why', async () => {
    use({ ...hostOf(its.agent), applySettings: () => Promise.reject({ code: 'disk-full', what: 'The disk is full.', remedy: 'Make room.' }) });
    const port = await open();
    await fireEvent.input(port, { target: { value: '8434' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Apply' }));
    await waitFor(() => expect(refusals.all.map((one) => one.refusal.code)).toEqual(['disk-full']));
    expect(port.value).toBe('8434');
    expect(screen.getByText('1 change')).toBeTruthy();
  });
});

describe('a secret', () => {
  it('is replaced and never shown', async () => {
    const set = vi.spyOn(its.agent, 'setSecret');
    await open();
    await fireEvent.click(screen.getByRole('button', { name: 'API token: Replace…' }));
    const field = screen.getByLabelText('New API token') as HTMLInputElement;
    expect([field.type, field.value]).toEqual(['password', '']);
    await fireEvent.input(field, { target: { value: 'secret-token' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(toast.words).toBe('API token: stored in the keychain.'));
    expect(set.mock.calls).toEqual([['client_token', 'secret-token']]);
    expect(document.body.innerHTML).not.toContain('secret-token');
  });

  it('is not stored empty', async () => {
    const set = vi.spyOn(its.agent, 'setSecret');
    await open();
    await fireEvent.click(screen.getByRole('button', { name: 'API token: Replace…' }));
    await fireEvent.click(screen.getByRole('button', { name: 'Save' }));
    expect(screen.getByText('Type or paste the value first.')).toBeTruthy();
    expect(set).not.toHaveBeenCalled();
  });
});

describe('what is known of newer versions', () => {
  const openWith = async (state: string) => {
    its.agent = new FakeAgent(optionsOf(new URLSearchParams(`frozen&state=${state}`)));
    use(its.agent);
    await open();
    return document.getElementById('section-startup') as HTMLElement;
  };

  it('is told: which, what it brings, how to get it and where to read more', async () => {
    const startup = within(await openWith('update'));
    expect(await startup.findByText('Version 0.2.0 is available.')).toBeTruthy();
    expect(startup.getByText('Scans of large subnets take half the time.')).toBeTruthy();
    expect(startup.getByText('Install it the way you installed this one.')).toBeTruthy();
    expect(startup.getByText('https://fieldscan.example.net/releases/0.2.0')).toBeTruthy();
    expect(startup.getByText('Version 0.1.0'), 'beside the one that is at work').toBeTruthy();
  });

  it('is only text, whatever the notice holds', async () => {
    const section = await openWith('update,hostile');
    await within(section).findByText('Version 0.2.0 is available.');
    const notes = within(section).getByText(/<img src=x onerror=/);
    expect(notes.textContent?.length, 'and not more of it than anybody reads').toBeLessThanOrEqual(500);
    expect(section.querySelector('img, script, a')).toBeNull();
  });

  it('is that there is none, and when that was looked for', async () => {
    const startup = within(await openWith('update,right'));
    expect(await startup.findByText(/^No newer version, looked .+ ago\.$/)).toBeTruthy();
    expect(startup.queryByText(/is available/)).toBeNull();
  });

  it('is why it could not be looked for', async () => {
    const startup = within(await openWith('update,offline'));
    expect(await startup.findByText('Newer versions could not be looked for: The server can’t be reached: operation timed out')).toBeTruthy();
    expect(startup.queryByText(/No newer version/), 'which does not mean that there is none').toBeNull();
  });

  it('is nothing where nobody looks', async () => {
    const startup = within(await openWith('normal'));
    expect(await startup.findByText('Version 0.1.0')).toBeTruthy();
    expect(startup.queryByText(/No newer version|could not be looked for/)).toBeNull();
    expect(startup.queryByText(/is available/)).toBeNull();
  });
});

it('tests everything, step by step', async () => {
  await open();
  await fireEvent.click(screen.getByRole('button', { name: 'Test everything' }));
  await screen.findByRole('button', { name: 'Test again' }, { timeout: 10_000 });
  expect(document.querySelectorAll('[data-outcome=ok]')).toHaveLength(11);
  expect(screen.getByText('All works.')).toBeTruthy();
});

/** The agent's methods as an object, so that a test can put others in their place. */
function hostOf(of: FakeAgent): Host {
  return new Proxy({} as Host, { get: (_, name) => ((value: unknown) => (typeof value === 'function' ? value.bind(of) : value))(Reflect.get(of, name)), ownKeys: () => methods(of), getOwnPropertyDescriptor: (_, name) => ({ enumerable: true, configurable: true, value: (Reflect.get(of, name) as () => unknown).bind(of) }) });
}

function methods(of: FakeAgent): string[] {
  return Object.getOwnPropertyNames(Object.getPrototypeOf(of)).filter((name) => name !== 'constructor');
}
