import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../process/project-root.ts';
import { configurationPage, shownValues, template } from './documents.ts';
import { loadConfig } from './load.ts';
import { productionPlaceholders } from './production.ts';
import { byName } from './schema.ts';

const environmentOf = (text: string) => Object.fromEntries(text.split('\n').filter((line) => /^[A-Z]/.test(line)).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));

test('O-33: docs/configuration.md is current; write it by npm run config -- docs', () =>
  expect(readFileSync(join(projectRoot(), 'docs/configuration.md'), 'utf8')).toBe(configurationPage()));

describe('O-33: the template', () => {
  test.each(['local', 'test', 'production'] as const)('of %s speaks of every variable once', (mode) => {
    const text = template(mode);
    for (const name of byName.keys()) expect(text.match(new RegExp(`^(# )?${name}=`, 'gm'))).toHaveLength(1);
  });

  test('of production, unedited, names exactly its placeholders', () => {
    const loaded = loadConfig(environmentOf(template('production')));
    expect(!loaded.ok && loaded.errors.map(({ name }) => name)).toEqual(productionPlaceholders().sort());
  });

  test.each(['local', 'test'] as const)('of %s starts as it is', (mode) => expect(loadConfig(environmentOf(template(mode))).ok).toBe(true));
});

test('O-30: shown values redact every secret', () => {
  const loaded = loadConfig({ DATABASE_URL: 'postgres://a:canary@h/d', TEMPORAL_API_KEY: 'canary' });
  const shown = loaded.ok ? shownValues(loaded) : [];
  expect(JSON.stringify(shown)).not.toContain('canary');
  expect(shown.find(({ name }) => name === 'DATABASE_URL')).toEqual({ name: 'DATABASE_URL', value: '[redacted]', origin: 'env' });
});
