// Chooses the host, then shows the window.

import { mount } from 'svelte';

import './styles/tokens.css';
import './styles/base.css';

import App from './App.svelte';
import { connect } from './host';
import { language, speak, type Language } from './i18n/index.svelte';
import { LANGUAGES } from './i18n/locale';

async function start(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) return;
  const asked = new URLSearchParams(location.search).get('lang');
  speak(LANGUAGES.find((one): one is Language => one === asked) ?? language());
  try {
    await connect();
    mount(App, { target });
  } catch (reason) {
    target.textContent = reason instanceof Error ? reason.message : String(reason);
  }
}

void start();
