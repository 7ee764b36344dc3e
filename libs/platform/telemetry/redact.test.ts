import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeApiKey } from '../identity/api-key.ts';
import { redactText, redactValue } from './redact.ts';

describe('redaction by form (O-35)', () => {
  test.each([
    ['an API key', makeApiKey('wb_live_')],
    ['a bearer token', 'Bearer eyJhbGciOi.J9.abc-_~+/=='],
    ['a basic credential', 'Basic dXNlcjpwYXNz'],
    ['a Stripe key', 'sk_live_51Habcdefghijk'],
    ['a webhook secret', 'whsec_abcdefgh12345678'],
    ['a provider key', 'sk-proj-abcdefghijklmnopqrst'],
    ['a PEM block', '-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----'],
    ['a PEM block without an end', '-----BEGIN EC PRIVATE KEY-----\nMC4CAQAw'],
    ['an environment line', 'WATTBOOK_MASTER_KEYS={"active":"k1"}'],
    ['a Solana secret key', '4Z7cXSyeFR8wNGMVXUE1TwtKn5D5Vu7FzEv69dokLv7KrQk7h6pu4LF8ZRR9yQBhc7uSM6RTTZtU1fmaxiNrxXrs'],
    ['an e-mail address', 'ada.lovelace+x@mail.example.org'],
  ])('%s goes', (_, secret) => {
    const text = redactText(`before ${secret} after`);
    expect(text).toMatch(/^before .*\[redacted\].* after$|^before \[redacted\]$|^before WATTBOOK_MASTER_KEYS=\[redacted\] after$/s);
    for (const part of secret.split(/[\s=]/).filter((word) => word.length > 12 && !/BEGIN|END|WATTBOOK/.test(word))) expect(text).not.toContain(part);
  });

  test('the password of a connection string goes, its host stays', () => {
    expect(redactText('connect to postgres://app:s3cret%21@db.example.org:5432/wattbook failed')).toBe('connect to postgres://app:[redacted]@db.example.org:5432/wattbook failed');
  });

  test.each(['workload/0198f3a2-77aa-7c11-b1f0-5a1d3c0e9f42', 'a sentence with a token economy in it', 'sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'postgres://app@db/wattbook'])('%s stays', (text) => {
    expect(redactText(text)).toBe(text);
  });
});

describe('redaction by name', () => {
  test.each(['authorization', 'password', 'api_key', 'node_token', 'x-api-key', 'clientSecret', 'DATABASE_PASSWORD', 'email', 'prompt', 'body', 'set-cookie', 'dsn'])('%s loses its value', (name) => {
    expect(redactValue({ [name]: 'hidden', inner: [{ [name]: 'hidden' }] })).toEqual({ [name]: '[redacted]', inner: [{ [name]: '[redacted]' }] });
  });

  test.each(['key_id', 'org_id', 'status', 'idempotency_key', 'tokens_used', 'monkey_business', 'zone'])('%s keeps it', (name) => {
    expect(redactValue({ [name]: 'shown' })).toEqual({ [name]: 'shown' });
  });

  test('what is no plain value has a short form, and depth ends', () => {
    expect(redactValue({ at: new Date(0), energy: 5n, bytes: Buffer.from('x'), nothing: null, no: undefined })).toEqual({ at: '1970-01-01T00:00:00.000Z', energy: '5', bytes: '[bytes]', nothing: null, no: undefined });
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(JSON.stringify(redactValue(circle))).toContain('[deeper]');
  });

  test('a key is found wherever it stands', () => {
    const key = makeApiKey('wb_test_');
    fc.assert(fc.property(fc.string(), fc.string(), fc.string({ minLength: 1 }), (before, after, name) => {
      const text = JSON.stringify(redactValue({ [name]: [`${before} ${key} ${after}`], error: { message: key } }));
      return !text.includes(key.slice(-40));
    }));
  });
});
