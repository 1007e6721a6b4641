// The pictures of all screens and states, written to screenshots/ for people to look at.
import { defineConfig, mergeConfig } from 'vitest/config';

import walks from './vitest.config.ts';

const config = mergeConfig(walks, defineConfig({}));
config.test!.include = ['e2e/**/*.shots.ts'];

export default config;
