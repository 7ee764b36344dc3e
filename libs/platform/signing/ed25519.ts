import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { keyFault, L, littleEndian } from './curve.ts';

/** RFC 8037. */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

export class KeyRefused extends Error {}

/** A public key that passed M-115: only such a key can verify anything. */
export class PublicKey {
  readonly jwk: PublicJwk;
  readonly #key: KeyObject;

  private constructor(jwk: PublicJwk, key: KeyObject) {
    this.jwk = jwk;
    this.#key = key;
  }

  /** @throws KeyRefused for what is no Ed25519 key, not canonical, the identity, or of small or mixed order (M-39) */
  static fromJwk({ kty, crv, x }: { readonly kty: string; readonly crv: string; readonly x: string }): PublicKey {
    if (kty !== 'OKP' || crv !== 'Ed25519') throw new KeyRefused('the key is not an Ed25519 key: kty must be OKP and crv Ed25519');
    const bytes = Buffer.from(x, 'base64url');
    if (bytes.toString('base64url') !== x) throw new KeyRefused('x is not unpadded base64url');
    const fault = keyFault(bytes);
    if (fault) throw new KeyRefused(fault);
    const jwk: PublicJwk = { kty, crv, x };
    return new PublicKey(jwk, createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }));
  }

  /**
   * The strict rule of M-115. OpenSSL recomputes R from S, the message and this key and compares its bytes; since the key
   * is in the prime-order subgroup, R then is canonical and in it too, and needs no arithmetic of our own.
   */
  verify(message: Uint8Array, signature: Uint8Array): boolean {
    return isCanonical(signature) && verify(null, message, this.#key, signature);
  }

  /** As `verify`, on another thread: for many at once. */
  verifyAsync(message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (!isCanonical(signature)) return Promise.resolve(false);
    return new Promise((resolve, reject) => verify(null, message, this.#key, signature, (error, good) => (error ? reject(error) : resolve(good))));
  }
}

const isCanonical = (signature: Uint8Array): boolean => signature.length === 64 && littleEndian(signature.subarray(32)) < L;

/** Signs; hands out nothing but the public half. */
export class Signer {
  readonly #key: KeyObject;
  readonly publicJwk: PublicJwk;

  constructor(jwk: PrivateJwk) {
    this.#key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
    this.publicJwk = { kty: 'OKP', crv: 'Ed25519', x: jwk.x };
  }

  /** 64 bytes, unpadded base64url. */
  sign(message: Uint8Array): string {
    return sign(null, message, this.#key).toString('base64url');
  }
}

export const generatePrivateJwk = (): PrivateJwk => generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }) as unknown as PrivateJwk;
