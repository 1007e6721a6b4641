import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { tick } from 'svelte';
import { describe, expect, it, vi } from 'vitest';

import { use, type DoctorStep, type ImportDocument } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import ConnectForm from './ConnectForm.svelte';
import Setup from './Setup.svelte';
import { Typed } from './typed.svelte';
import { understand } from './understood';

const known = new Set(['api_url', 'client_name', 'scanagent_code', 'http_server', 'http_port', 'schedule']);

function fresh(query = ''): FakeAgent {
  const fake = new FakeAgent(optionsOf(new URLSearchParams(`state=first-run&speed=100&frozen${query}`)));
  use(fake);
  return fake;
}

describe('a pasted text', () => {
  it('is understood line by line', () => {
    const found = understand('# a\napi_url: "https://ipam.example.net" # here\nclient_name: app#1\nnmap_arguments: -T4\nphpipam:\n', known);
    expect(Object.fromEntries(found.settings)).toEqual({ api_url: 'https://ipam.example.net', client_name: 'app#1' });
    expect(found.unknown).toEqual(['nmap_arguments']);
    expect(found.missing).toEqual(['client_token', 'scanagent_code']);
  });

  it.each([
    'client_token: s3cret',
    'client_token: "s3cret"',
    "  client_token:   's3cret'   # note",
    'client_token: |\n  s3cret\n  s3cret',
    'client_token:\n  s3cret',
    '"client_token": s3cret',
  ])('hides the token of %j', (text) => {
    const found = understand(text, known);
    expect(found.secrets).toEqual(['client_token']);
    expect(JSON.stringify(found.lines)).not.toContain('s3cret');
    expect(JSON.stringify([...found.settings])).not.toContain('s3cret');
  });

  it('of any kind is taken without harm', () => {
    for (const text of ['', ':', '\u0000', '{"api_url": "x"}', `api_url: ${'#'.repeat(50_000)}`, `a${' '.repeat(50_000)}:`, '- a\n- b', 'api_url:x']) {
      expect(() => understand(text, known)).not.toThrow();
    }
  });
});

describe('the form', () => {
  async function form() {
    const fake = fresh();
    const done = vi.fn();
    render(ConnectForm, { settings: await fake.settings(), typed: new Typed(), missing: [], correct: null, later: () => {}, done, pasteInstead: () => {} });
    return { fake, done };
  }

  it('marks what is missing and what is wrong at its field, and writes nothing', async () => {
    const { fake, done } = await form();
    await fireEvent.input(screen.getByLabelText('phpIPAM’s URL'), { target: { value: 'ipam' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
    await waitFor(() => expect(screen.getAllByText('This is needed.')).toHaveLength(3));
    expect(screen.getByText(/^Expected: an http or https URL/).parentElement?.querySelector('svg')).not.toBeNull();
    expect(screen.getByLabelText('phpIPAM’s URL').getAttribute('aria-invalid')).toBe('true');
    expect(document.activeElement, 'the first of them has the focus').toBe(screen.getByLabelText('phpIPAM’s URL'));
    expect(done).not.toHaveBeenCalled();
    expect((await fake.settings()).settings.find((one) => one.key === 'api_url')?.set).toBe(false);
  });

  it('saves settings and secrets, and keeps no secret', async () => {
    const { fake, done } = await form();
    for (const [label, value] of [['phpIPAM’s URL', 'https://ipam.example.net'], ['App id', 'fieldscan'], ['App code', 's3cret'], ['Scan agent’s Code', 'kx72']] as const) {
      await fireEvent.input(screen.getByLabelText(label), { target: { value } });
    }
    await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
    await waitFor(() => expect(done).toHaveBeenCalledWith('ipam.example.net'));
    const settings = await fake.settings();
    expect(settings.settings.find((one) => one.key === 'client_name')?.value).toBe('fieldscan');
    expect(settings.secrets.find((one) => one.name === 'client_token')?.source).toBe('keychain');
    expect((screen.getByLabelText('App code') as HTMLInputElement).value).toBe('');
  });

  it('asks for no token again that is stored, when the next one is refused', async () => {
    const { fake, done } = await form();
    const stored: string[] = [];
    let refuses = true;
    const setSecret = async (name: 'client_token' | 'auth_token' | 'client_password') => {
      if (name === 'auth_token' && refuses) throw { code: 'keychain-locked', what: 'The keychain is locked.', remedy: 'Unlock it.' };
      stored.push(name);
      return fake.setSecret(name);
    };
    use(Object.assign(Object.create(fake), { setSecret }));
    for (const [label, value] of [['phpIPAM’s URL', 'https://ipam.example.net'], ['App id', 'fieldscan'], ['App code', 's3cret'], ['Scan agent’s Code', 'kx72'], ['Port', '9000'], [/^Token/, 't0ken']] as const) {
      await fireEvent.input(screen.getByLabelText(label), { target: { value } });
    }
    await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
    expect(await screen.findByText('The keychain is locked.')).toBeTruthy();
    expect((screen.getByLabelText(/^Token/) as HTMLInputElement).value, 'what is stored nowhere stays').toBe('t0ken');
    expect(document.body.innerHTML, 'what is stored does not').not.toContain('s3cret');
    refuses = false;
    await fireEvent.input(screen.getByLabelText('Port'), { target: { value: '8000' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
    await waitFor(() => expect(done).toHaveBeenCalled());
    expect(screen.queryByText('This is needed.')).toBeNull();
    expect(stored).toEqual(['client_token', 'auth_token']);
    expect((await fake.settings()).settings.find((one) => one.key === 'http_port')?.value, 'what was applied meanwhile can be taken back').toBe(8000);
  });

  it('says where each value is found in phpIPAM', async () => {
    await form();
    expect(screen.getByText(/Administration → API, column App id/)).toBeTruthy();
    expect(screen.getByText(/Administration → Scan agents, column Code/)).toBeTruthy();
    for (const name of ['client_name', 'client_token', 'scanagent_code']) expect(screen.getByText(name)).toBeTruthy();
  });
});

describe('the set-up', () => {
  it('goes on to the form for what a text did not have', async () => {
    fresh();
    render(Setup);
    await fireEvent.input(await screen.findByLabelText('Text of scan_agent.yaml'), { target: { value: 'api_url: https://ipam.example.net\nclient_name: fieldscan' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
    expect(await screen.findByRole('heading', { level: 1, name: 'Connect to phpIPAM' })).toBeTruthy();
    expect((screen.getByLabelText('App id') as HTMLInputElement).value).toBe('fieldscan');
    expect(screen.getByText(/These values were not in it/)).toBeTruthy();
  });

  describe('of what was typed, when somebody looks at the other way', () => {
    async function typeAndLeave() {
      fresh();
      const { unmount } = render(Setup);
      await fireEvent.click(await screen.findByRole('button', { name: 'Fill in by hand' }));
      for (const [label, value] of [['phpIPAM’s URL', 'https://typed.example.net'], ['App code', 's3cret'], [/^Token/, 't0ken']] as const) {
        await fireEvent.input(await screen.findByLabelText(label), { target: { value } });
      }
      await fireEvent.click(screen.getByRole('button', { name: 'Paste or import' }));
      return unmount;
    }
    const value = (label: string | RegExp) => screen.getByLabelText<HTMLInputElement>(label).value;

    it('keeps all of it, in the form alone', async () => {
      const unmount = await typeAndLeave();
      expect(document.body.innerHTML).not.toMatch(/s3cret|t0ken/);
      await fireEvent.click(screen.getByRole('button', { name: 'Fill in by hand' }));
      expect([value('phpIPAM’s URL'), value('App code'), value(/^Token/)]).toEqual(['https://typed.example.net', 's3cret', 't0ken']);
      unmount();
      render(Setup);
      await fireEvent.click(await screen.findByRole('button', { name: 'Fill in by hand' }));
      expect([value('phpIPAM’s URL'), value('App code')], 'no longer than the stage lasts').toEqual(['', '']);
    });

    it('keeps what a text that is taken over does not have', async () => {
      await typeAndLeave();
      await fireEvent.input(screen.getByLabelText('Text of scan_agent.yaml'), { target: { value: 'api_url: https://ipam.example.net\nclient_name: fieldscan\nauth_token: its-token' } });
      await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
      await screen.findByText(/These values were not in it/);
      expect([value('phpIPAM’s URL'), value('App id'), value('App code')]).toEqual(['https://ipam.example.net', 'fieldscan', 's3cret']);
      expect(screen.queryByLabelText<HTMLInputElement>(/^Token/)?.value ?? '', 'the text’s is stored').not.toBe('t0ken');
    });
  });

  it('says why a text could not be taken over, and keeps it', async () => {
    const fake = fresh();
    use(Object.assign(Object.create(fake), { importSettings: () => Promise.reject({ code: 'import-refused', what: 'This is not a file that can be taken over.', remedy: 'Correct it.', detail: '2:1: this line can’t be read' }) }));
    render(Setup);
    await fireEvent.input(await screen.findByLabelText('Text of scan_agent.yaml'), { target: { value: 'api_url: https://ipam.example.net' } });
    await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
    expect(await screen.findByText('2:1: this line can’t be read')).toBeTruthy();
    expect((screen.getByLabelText('Text of scan_agent.yaml') as HTMLTextAreaElement).value).toBe('api_url: https://ipam.example.net');
  });

  describe('of a text that was taken over', () => {
    const TEXT = 'api_url: https://ipam.example.net\nclient_name: fieldscan\nclient_token: s3cret\nscanagent_code: b';

    async function takeOver(answer: Partial<ImportDocument>) {
      const fake = fresh();
      const importSettings = vi.fn(async (text: string) => ({ ...(await fake.importSettings(text)), ...answer }));
      use(Object.assign(Object.create(fake), { importSettings }));
      render(Setup);
      await fireEvent.input(await screen.findByLabelText('Text of scan_agent.yaml'), { target: { value: TEXT } });
      await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
      return importSettings;
    }
    const field = () => screen.queryByLabelText('Text of scan_agent.yaml') as HTMLTextAreaElement | null;

    it('keeps what was kept nowhere, and says so before it goes on', async () => {
      const imported = await takeOver({ secrets: [{ name: 'client_token', kept_in: 'nowhere' }] });
      const result = await screen.findByText('API token: has another value elsewhere, and was stored nowhere');
      expect(result.closest('[role=status]'), 'it is announced').not.toBeNull();
      expect(field()?.value, 'this may be the only copy').toBe(TEXT);
      await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
      expect(await screen.findByRole('heading', { name: /Testing|Every step/ })).toBeTruthy();
      expect(imported, 'it is not taken over a second time').toHaveBeenCalledTimes(1);
    });

    it('shows what the agent remarked before it goes on, without the text', async () => {
      await takeOver({ warnings: [{ code: 'unknown-key', line: 2, column: 1, key: 'nmap_arguments', nearest: null, words: '' }] });
      expect(await screen.findByText(/nmap_arguments/, { selector: '[role=status] p' })).toBeTruthy();
      expect(document.body.innerHTML, 'tokens that are kept elsewhere need not stay').not.toContain('s3cret');
      await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
      expect(await screen.findByRole('heading', { name: /Testing|Every step/ })).toBeTruthy();
    });

    it('takes another text over anew', async () => {
      const imported = await takeOver({ secrets: [{ name: 'client_token', kept_in: 'nowhere' }] });
      await screen.findByText(/was stored nowhere/);
      await fireEvent.input(field() as HTMLTextAreaElement, { target: { value: `${TEXT}2` } });
      expect(screen.queryByText(/was stored nowhere/), 'that was said of the other').toBeNull();
      await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
      await waitFor(() => expect(imported).toHaveBeenCalledTimes(2));
    });

    it('goes on at once if there is nothing to say', async () => {
      await takeOver({});
      expect(await screen.findByRole('heading', { name: /Testing|Every step/ })).toBeTruthy();
    });
  });

  /** With all that is needed, to a test in which a step fails and another has a caution. */
  async function testInTrouble(): Promise<void> {
    use(new FakeAgent(optionsOf(new URLSearchParams('state=first-run,attention&speed=100&frozen'))));
    render(Setup);
    await fireEvent.input(await screen.findByLabelText('Text of scan_agent.yaml'), {
      target: { value: 'api_url: https://ipam.example.net\nclient_name: fieldscan\nclient_token: a\nscanagent_code: b\nauth_token: c' },
    });
    await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
  }

  it('a failed step leads to its field', async () => {
    await testInTrouble();
    await fireEvent.click(await screen.findByRole('button', { name: 'Correct it' }));
    await waitFor(() => expect((document.activeElement as HTMLElement | null)?.getAttribute('name')).toBe('auth_token'));
  });

  it('counts only what passed, and says what to do here, not in the settings', async () => {
    await testInTrouble();
    await screen.findByRole('button', { name: 'Continue all the same' });
    expect(['ok', 'warning', 'failed'].map((outcome) => document.querySelectorAll(`[data-outcome=${outcome}]`).length)).toEqual([9, 1, 1]);
    expect(screen.getByText('9 of 11 steps passed'), 'a caution is no pass').toBeTruthy();
    expect(screen.getByText(/^Enter the token that the scan server was started with\./)).toBeTruthy();
    expect(screen.queryByText(/under Settings/)).toBeNull();
    expect(screen.getByText(/after the set-up, Settings, Scanning says how/)).toBeTruthy();
  });

  it('names what is missing as the form does, and hides the agent’s code', async () => {
    use(fresh());
    render(Setup);
    const paste = await screen.findByLabelText('Text of scan_agent.yaml');
    await fireEvent.paste(paste, { clipboardData: { getData: () => 'api_url: https://ipam.example.net\nclient_name: fieldscan\nscanagent_code: the-code' } });
    expect(screen.getByText(/^App code\. /)).toBeTruthy();
    expect(document.body.textContent).not.toContain('the-code');
  });

  it('shows only the steps of the test that it began last', async () => {
    const fake = fresh();
    const begun: ((step: DoctorStep) => void)[] = [];
    use(Object.assign(Object.create(fake), { testEverything: (ended: (step: DoctorStep) => void) => new Promise(() => begun.push(ended)) }));
    render(Setup);
    const on = async () => {
      await fireEvent.input(await screen.findByLabelText('Text of scan_agent.yaml'), { target: { value: 'api_url: https://ipam.example.net\nclient_name: fieldscan\nclient_token: a\nscanagent_code: b' } });
      await fireEvent.click(screen.getByRole('button', { name: 'Continue to the test' }));
      await screen.findByRole('heading', { name: 'Testing every step' });
    };
    const ticked = () => document.querySelectorAll('[data-outcome=ok], [data-outcome=failed]').length;
    await on();
    await fireEvent.click(screen.getByRole('button', { name: 'Back' }));
    // Whoever comes back sees what is set already.
    const id = await screen.findByLabelText<HTMLInputElement>('App id');
    expect(id.value).toBe('fieldscan');
    await fireEvent.submit(id.form as HTMLFormElement);
    await screen.findByRole('heading', { name: 'Testing every step' });
    await waitFor(() => expect(begun).toHaveLength(2));
    begun[0]?.({ id: 'clock', title: '', outcome: 'failed' });
    await tick();
    expect(ticked(), 'that was a step of the test before').toBe(0);
    begun[1]?.({ id: 'settings', title: '', outcome: 'ok' });
    await tick();
    expect(ticked()).toBe(1);
  });
});
