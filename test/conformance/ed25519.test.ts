import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KeyRefused, PublicKey } from '#platform/signing/ed25519';
import { vectors } from './shared.ts';

interface Wycheproof {
  readonly testGroups: readonly { readonly publicKey: { readonly pk: string }; readonly tests: readonly { readonly tcId: number; readonly comment: string; readonly msg: string; readonly sig: string; readonly result: 'valid' | 'invalid' }[] }[];
}
type Speccheck = readonly { readonly message: string; readonly pub_key: string; readonly signature: string }[];

const read = <T>(name: string): T => JSON.parse(readFileSync(`${vectors}/${name}`, 'utf8')) as T;
const hex = (text: string) => Buffer.from(text, 'hex');

function isGood(key: string, message: string, signature: string): boolean {
  try {
    return PublicKey.fromJwk({ kty: 'OKP', crv: 'Ed25519', x: hex(key).toString('base64url') }).verify(hex(message), hex(signature));
  } catch (error) {
    if (error instanceof KeyRefused) return false;
    throw error;
  }
}

describe.skipIf(!vectors)('M-115: the strict rule on published vectors', () => {
  test('all 151 Wycheproof cases: 88 accepted, 63 refused', () => {
    const { testGroups } = read<Wycheproof>('ed25519-wycheproof.json');
    const cases = testGroups.flatMap(({ publicKey, tests }) => tests.map((one) => ({ ...one, good: isGood(publicKey.pk, one.msg, one.sig) })));
    expect(cases.filter(({ good, result }) => good !== (result === 'valid')).map(({ tcId, comment }) => `${tcId} ${comment}`)).toEqual([]);
    expect([cases.filter(({ good }) => good).length, cases.length]).toEqual([88, 151]);
  });

  test('all 12 speccheck cases are refused', () => {
    const cases = read<Speccheck>('ed25519-speccheck.json');
    expect(cases.map(({ pub_key, message, signature }) => isGood(pub_key, message, signature))).toEqual(Array(12).fill(false));
  });
});
