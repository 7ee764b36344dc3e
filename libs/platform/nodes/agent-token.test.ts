import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openToken, sealToken } from './agent-token.ts';

const [NODE, OTHER, TOKEN] = ['node-1', 'node-2', 'wba_canary_of_the_agent'];
const one = { active: 'k1', keys: new Map([['k1', randomBytes(32)]]) };
const two = { active: 'k2', keys: new Map([...one.keys, ['k2', randomBytes(32)]]) };

describe('the secret of an agent lies sealed (W-15)', () => {
  test('opens again for its node', () => expect(openToken(one, NODE, sealToken(one, NODE, TOKEN))).toBe(TOKEN));

  test('does not stand in what is stored, and never looks the same twice', () => {
    const [a, b] = [sealToken(one, NODE, TOKEN), sealToken(one, NODE, TOKEN)];
    expect(a.includes(TOKEN)).toBe(false);
    expect(a.equals(b)).toBe(false);
  });

  test('moved to another row it does not open', () => expect(() => openToken(one, OTHER, sealToken(one, NODE, TOKEN))).toThrow(/auth/i));

  test('any byte that is changed keeps it shut', () => {
    const sealed = sealToken(one, NODE, TOKEN);
    for (let i = 3; i < sealed.length; i += 1) {
      const changed = Buffer.from(sealed);
      changed[i]! ^= 1;
      expect(() => openToken(one, NODE, changed)).toThrow();
    }
  });

  test('after a new key both open; the new one seals', () => {
    expect(openToken(two, NODE, sealToken(one, NODE, TOKEN))).toBe(TOKEN);
    expect(sealToken(two, NODE, TOKEN).subarray(0, 3).toString()).toBe('k2\0');
  });

  test('a key that was taken away is named, with what to do', () => {
    expect(() => openToken(one, NODE, sealToken(two, NODE, TOKEN))).toThrow(/WATTBOOK_MASTER_KEYS has no key k2.*put it back/);
  });
});
