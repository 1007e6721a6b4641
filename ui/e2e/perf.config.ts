// Measurements on a subnet of 65,536 addresses. They are no tests: what they find depends on the machine.
import { defineConfig, mergeConfig } from 'vitest/config';

import walks from './vitest.config.ts';

const config = mergeConfig(walks, defineConfig({ test: { testTimeout: 180_000 } }));
config.test!.include = ['e2e/**/*.perf.ts'];

export default config;
