// Where the keyboard goes on when the control that had it is gone, and where the page's own keys count.

import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import App from '../../App.svelte';
import { use } from '../../host';
import { FakeAgent, optionsOf } from '../../host/fake';
import { agent } from '../../state/agent.svelte';

const { happyDOM } = window as unknown as { happyDOM: { setViewport: (to: { width: number }) => void } };
const width = (to: number) => happyDOM.setViewport({ width: to });

beforeEach(() => width(1_200));
afterEach(() => {
  width(1_024);
  location.hash = '';
});

/** Opens the page of a subnet. With a network, the subnet is that. */
async function open(hash: string, query = '', network?: string): Promise<void> {
  const fake = new FakeAgent(optionsOf(new URLSearchParams(`frozen&speed=20&${query}`)));
  const told = fake.snapshot.bind(fake);
  if (network !== undefined) {
    fake.snapshot = async () => {
      const snapshot = await told();
      return { ...snapshot, subnets: snapshot.subnets.map((one) => (one.id === 101 ? { ...one, cidr: network, network } : one)) };
    };
  }
  use(fake);
  agent.snapshot = null;
  location.hash = hash;
  render(App);
  await screen.findByRole('searchbox');
}

const focused = () => document.activeElement;
const name = () => focused()?.getAttribute('aria-label') ?? focused()?.textContent?.trim() ?? '';

/** As a key does: the control has the focus when it is pressed. */
async function press(button: HTMLElement): Promise<void> {
  button.focus();
  await fireEvent.click(button);
}

async function key(name: string): Promise<void> {
  await fireEvent.keyDown(focused() ?? document.body, { key: name });
}

describe('the keyboard goes on', () => {
  it('in the search field, when that is emptied so that hosts are listed again', async () => {
    await open('#/subnet/101');
    await fireEvent.input(screen.getByRole('searchbox'), { target: { value: 'nobody' } });
    await press(await screen.findByRole('button', { name: 'Show all' }));
    expect(focused()).toBe(screen.getByRole('searchbox'));
  });

  it('at the first row that “Show all” brings', async () => {
    await open('#/subnet/101/10.20.0.73');
    const detail = screen.getByRole('region', { name: 'Selected address' });
    const rows = () => within(detail).getAllByRole('rowheader').map((row) => row.textContent);
    const before = rows();
    await press(within(detail).getByRole('button', { name: 'Show all' }));
    await waitFor(() => expect(focused()?.tagName).toBe('TH'));
    expect(name()).toBe(rows().find((row) => !before.includes(row)));
  });

  it('in the map, when one goes in from the list of networks', async () => {
    await open('#/subnet/101', '', '10.20.0.0/16');
    await fireEvent.click(screen.getByRole('radio', { name: 'Networks' }));
    const button = await screen.findByRole('button', { name: '10.20.0.0/24' });
    await press(button);
    await waitFor(() => expect(name()).toMatch(/^10\.20\.0\.0,/));
  });

  it('in the list of networks, when one comes back to a subnet too wide for a map', async () => {
    await open('#/subnet/101', '', '10.0.0.0/8');
    await press(screen.getByRole('button', { name: '10.20.0.0/16' }));
    await waitFor(() => expect(name()).toMatch(/^10\.20\.0\.0\/24,/));
    await key('Backspace');
    await waitFor(() => expect(name()).toBe('10.20.0.0/16'));
    expect(focused()?.tagName).toBe('BUTTON');
  });

  it('at the heading, once phpIPAM was asked anew and its data is no longer old', async () => {
    await open('#/subnet/101', 'state=stale');
    await press(screen.getByRole('button', { name: 'Refresh now' }));
    await waitFor(() => expect(screen.queryByText(/which is out of date/)).toBeNull());
    await waitFor(() => expect(focused()).toBe(screen.getByRole('heading', { level: 1 })));
  });

  describe('where it came from, when a detail over the rest is closed', () => {
    const detail = () => screen.findByRole('button', { name: 'Close' });

    it('from the map, by its button', async () => {
      width(720);
      await open('#/subnet/101');
      screen.getByRole('gridcell', { name: /^10\.20\.0\.73,/ }).focus();
      await key('Enter');
      await press(await detail());
      await waitFor(() => expect(name()).toMatch(/^10\.20\.0\.73,/));
    });

    it('from the list, by Escape', async () => {
      width(720);
      await open('#/subnet/101');
      const list = screen.getByRole('grid', { name: 'Hosts' });
      list.focus();
      await key('ArrowDown');
      await key('Enter');
      (await detail()).focus();
      await key('Escape');
      await waitFor(() => expect(focused()).toBe(list));
    });

    it('from a link, in the list', async () => {
      width(720);
      await open('#/subnet/101/10.20.0.73');
      await press(await detail());
      await waitFor(() => expect(focused()).toBe(screen.getByRole('grid', { name: 'Hosts' })));
    });
  });
});

describe('the keys of the page', () => {
  const selected = () => screen.queryByRole('region', { name: 'Selected address' })?.textContent ?? '';

  it('count right after it was opened, and while the keyboard is in the map or the list', async () => {
    await open('#/subnet/101');
    document.querySelector('main')?.focus();
    await key(']');
    await waitFor(() => expect(selected()).toContain('10.20.0.44'));
    screen.getByRole('gridcell', { name: /^10\.20\.0\.44,/ }).focus();
    await key(']');
    await waitFor(() => expect(selected()).toContain('10.20.0.73'));
  });

  it('do not while it is in the rail or in the head', async () => {
    await open('#/subnet/101');
    for (const elsewhere of [screen.getByRole('link', { name: 'History' }), screen.getByRole('button', { name: 'Scan this subnet' })]) {
      elsewhere.focus();
      await key(']');
      expect(selected(), 'nothing is selected').toBe('');
    }
  });
});
