import { format, inspect } from 'node:util';
import { expect, test } from 'vitest';
import { keyRingOf, parseKeyRing } from './key-ring.ts';
import { Secret } from './secret.ts';

const secret = new Secret('canary-4711');

test.each([
  ['text', () => `${secret}`], ['concatenation', () => 'a' + String(secret)], ['JSON', () => JSON.stringify({ secret })], ['inspect', () => inspect({ secret }, { depth: 9, showHidden: true })],
  ['format', () => format('%s %o %j', secret, secret, secret)], ['spread', () => JSON.stringify(Object.assign({}, secret))], ['an error', () => String(new Error(`at ${secret}`))],
])('O-30: a secret in %s is redacted', (_what, shown) => expect(shown()).not.toContain('canary'));

test('only reveal() gives it', () => expect(secret.reveal()).toBe('canary-4711'));

test('a ring has one active key and keeps the others for reading', () => {
  const keys = { k1: Buffer.alloc(32, 1).toString('base64'), k2: Buffer.alloc(32, 2).toString('base64') };
  const ring = keyRingOf(new Secret(JSON.stringify({ active: 'k2', keys })));
  expect([ring.active, [...ring.keys.keys()], ring.keys.get('k2')?.[0]]).toEqual(['k2', ['k1', 'k2'], 2]);
});

test('what is wrong with a ring is said without its content', () => {
  expect(parseKeyRing('{"active":"canary","keys":{"canary":"canary"}}')).toEqual({ reason: 'has a key that is not 32 bytes long' });
  expect(() => keyRingOf(new Secret('canary'))).toThrow(/^The key ring has no/);
});
