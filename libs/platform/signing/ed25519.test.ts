import { describe, expect, test } from 'vitest';
import { L, littleEndian } from './curve.ts';
import { generatePrivateJwk, KeyRefused, PublicKey, Signer } from './ed25519.ts';
import { sha256Base64url, sha256Hex, sha256Name } from './sha256.ts';

const message = Buffer.from('ten seconds of a GPU');
const point = (hex: string) => ({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from(hex, 'hex').toString('base64url') });
const base = `58${'66'.repeat(31)}`;

describe('PublicKey', () => {
  test('what a signer signs is verified by its public half, and by no other', () => {
    const [signer, other] = [new Signer(generatePrivateJwk()), new Signer(generatePrivateJwk())];
    const signature = Buffer.from(signer.sign(message), 'base64url');
    expect(PublicKey.fromJwk(signer.publicJwk).verify(message, signature)).toBe(true);
    expect(PublicKey.fromJwk(other.publicJwk).verify(message, signature)).toBe(false);
    expect(PublicKey.fromJwk(signer.publicJwk).verify(Buffer.from('eleven seconds'), signature)).toBe(false);
    expect(Object.keys(signer.publicJwk)).toEqual(['kty', 'crv', 'x']);
  });

  test('every bit of a signature counts', () => {
    const signer = new Signer(generatePrivateJwk());
    const key = PublicKey.fromJwk(signer.publicJwk);
    const good = Buffer.from(signer.sign(message), 'base64url');
    for (let bit = 0; bit < 512; bit += 1) {
      const bad = Buffer.from(good);
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(key.verify(message, bad), `bit ${bit}`).toBe(false);
    }
    expect(key.verify(message, good.subarray(0, 63))).toBe(false);
  });

  test('S + L is the same number and another signature: refused, so a signature has one form', () => {
    const signer = new Signer(generatePrivateJwk());
    const good = Buffer.from(signer.sign(message), 'base64url');
    const raised = (littleEndian(good.subarray(32)) + L).toString(16).padStart(64, '0');
    const twin = Buffer.concat([good.subarray(0, 32), Buffer.from(raised, 'hex').reverse()]);
    expect(PublicKey.fromJwk(signer.publicJwk).verify(message, twin)).toBe(false);
  });

  test('the base point is a key', () => expect(PublicKey.fromJwk(point(base)).jwk.crv).toBe('Ed25519'));

  test.each([
    ['the identity', `01${'00'.repeat(31)}`, 'identity'],
    ['the point of order 2', `ec${'ff'.repeat(30)}7f`, 'subgroup'],
    ['a point of order 4', '00'.repeat(32), 'subgroup'],
    ['a point of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', 'subgroup'],
    ['a point of mixed order', 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d', 'subgroup'],
    ['y = p, not reduced', `ed${'ff'.repeat(30)}7f`, 'canonical'],
    ['y = p + 1, the identity not reduced', `ee${'ff'.repeat(30)}7f`, 'canonical'],
    ['x = 0 with a sign', `01${'00'.repeat(30)}80`, 'canonical'],
    ['y = 2, off the curve', `02${'00'.repeat(31)}`, 'canonical'],
    ['31 bytes', '58'.repeat(31), '32 bytes'],
  ])('M-39: %s is refused', (_name, hex, words) => {
    expect(() => PublicKey.fromJwk(point(hex))).toThrow(KeyRefused);
    expect(() => PublicKey.fromJwk(point(hex))).toThrow(words);
  });

  test.each([
    ['another curve', { ...point(base), crv: 'X25519' }],
    ['another type', { ...point(base), kty: 'EC' }],
    ['padded base64', { ...point(base), x: `${point(base).x}=` }],
  ])('%s is refused', (_name, jwk) => expect(() => PublicKey.fromJwk(jwk)).toThrow(KeyRefused));
});

test('one digest in three spellings', () => {
  const hex = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect([sha256Hex('abc'), sha256Name('abc'), Buffer.from(sha256Base64url('abc'), 'base64url').toString('hex')]).toEqual([hex, `sha256:${hex}`, hex]);
});
