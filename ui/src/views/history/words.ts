// A run in words.

import type { RunDocument } from '../../host';
import type { Format, Words } from '../../i18n/index.svelte';
import { endingOf, scannedOf, triedOf, upOf, type Ending } from '../../state/runs';

/** What it found, or why it found nothing. */
export function titleOf(run: RunDocument, running: number | null, all: number, t: Words, format: Format): string {
  const words = t.history;
  const ending = endingOf(run, running);
  switch (ending) {
    case 'running':
      return words.endings.running;
    case 'stopped':
      return words.endings.stopped(durationOf(run, format));
    case 'cut-short':
      return words.endings['cut-short'];
    case 'not-run':
      return words.endings['not-run'];
    case 'failed':
      return words.endings.failed;
    case 'ok':
    case 'partly': {
      const [only, ...more] = triedOf(run);
      const scanned = scannedOf(run);
      if (scanned <= more.length) return words.hostsUpIn(upOf(run), scanned, more.length + 1);
      return only && more.length === 0 && all > 1 ? words.someHostsUp(only.description.trim().slice(0, 60) || only.cidr, upOf(run)) : words.hostsUp(upOf(run));
    }
  }
}

/** How it came about, and what else there is to say. */
export function subtitleOf(run: RunDocument, running: number | null, t: Words, format: Format): string {
  const words = t.history;
  const trigger = words.triggers[run.trigger];
  const duration = durationOf(run, format);
  switch (endingOf(run, running)) {
    case 'running':
      return trigger;
    case 'stopped':
    case 'cut-short':
      return `${trigger}, ${words.subnetsDone(scannedOf(run), triedOf(run).length)}`;
    case 'not-run':
    case 'failed':
      return trigger;
    case 'partly':
      return `${trigger}, ${words.endings.partly(run.subnets.filter((part) => part.outcome === 'failed').length)}`;
    case 'ok':
      return duration === null ? trigger : words.took(trigger, duration);
  }
}

export function durationOf(run: RunDocument, format: Format): string | null {
  return run.finished_at === null ? null : format.duration(Date.parse(run.finished_at) - Date.parse(run.started_at));
}

export function outcomeOf(ending: Ending): 'ok' | 'warning' | 'failed' | 'not-tried' | 'running' {
  switch (ending) {
    case 'running':
      return 'running';
    case 'ok':
      return 'ok';
    case 'partly':
    case 'cut-short':
      return 'warning';
    case 'failed':
      return 'failed';
    case 'stopped':
    case 'not-run':
      return 'not-tried';
  }
}
