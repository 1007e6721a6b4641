// Builds the window into plain files: no script or style inside the page, nothing fetched from elsewhere.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig(({ mode }) => ({
  plugins: [svelte()],
  // Relative, since the application serves the files from a scheme of its own.
  base: './',
  // In tests, Svelte's browser build is the one that mounts components.
  resolve: mode === 'test' ? { conditions: ['browser'] } : {},
  build: {
    // The oldest WebKit that Tauri runs on here.
    target: 'safari16',
    // A data: URL would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { port: 5173, strictPort: true },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    testTimeout: 30_000,
    setupFiles: ['src/test-setup.ts'],
    env: { TZ: 'Europe/Berlin' },
  },
}));
