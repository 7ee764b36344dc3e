import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPayloadCodec, PayloadNotReadable } from './payload-codec.ts';

const [one, two] = [randomBytes(32), randomBytes(32)];
const ring = (active: string, keys: Record<string, Buffer>) => ({ active, keys: new Map(Object.entries(keys)) });
const codec = createPayloadCodec(ring('k1', { k1: one }), 'wattbook');
const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const seal = async (value: unknown) => (await codec.encode([payload(value)]))[0]!;
const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('latin1');

describe('the payload codec (O-62)', () => {
  test('what was sealed opens as it was: any JSON, bytes, undefined', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(fc.jsonValue(), fc.uint8Array(), fc.constant(undefined))), async (values) => {
      const payloads = values.map(payload);
      const opened = await codec.decode(await codec.encode(payloads));
      expect(opened.map(({ metadata, data }) => [text(metadata?.['encoding']), text(data)])).toEqual(payloads.map(({ metadata, data }) => [text(metadata?.['encoding']), text(data)]));
    }));
  });

  test('a run that ends with nothing can end: its payload comes decoded, with an untyped array for no data', async () => {
    const decoded = { metadata: payload(undefined).metadata, data: [] as unknown as Uint8Array };
    const [opened] = await codec.decode(await codec.encode([decoded]));
    expect(defaultPayloadConverter.fromPayload(opened!)).toBeUndefined();
  });

  test('says its encoding and key id, and nothing else: not even the inner encoding', async () => {
    const sealed = await seal({ secret: 'canary-4711', 'json/plain': true });
    expect(text(sealed.metadata?.['encoding'])).toBe('binary/encrypted');
    expect(text(sealed.metadata?.['encryption-key-id'])).toBe('k1');
    expect(Object.keys(sealed.metadata ?? {})).toHaveLength(2);
    expect(text(sealed.data)).not.toMatch(/canary|json/);
  });

  test('equal values look different each time', async () => {
    const sealed = await Promise.all(Array.from({ length: 50 }, () => seal('equal')));
    expect(new Set(sealed.map(({ data }) => text(data).slice(0, 12))).size).toBe(50);
  });

  test('every changed bit of the sealed bytes is noticed', async () => {
    const sealed = await seal({ a: 1 });
    await fc.assert(fc.asyncProperty(fc.nat({ max: sealed.data!.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
      const data = Buffer.from(sealed.data!);
      data[at]! ^= 1 << bit;
      await expect(codec.decode([{ ...sealed, data }])).rejects.toBeInstanceOf(PayloadNotReadable);
    }));
  });

  test.each([
    ['cut short', (data: Uint8Array) => data.subarray(0, -1)],
    ['shorter than a tag', (data: Uint8Array) => data.subarray(0, 5)],
    ['empty', () => new Uint8Array()],
  ])('%s is not readable', async (_, cut) => {
    const sealed = await seal('x');
    await expect(codec.decode([{ ...sealed, data: cut(sealed.data!) }])).rejects.toBeInstanceOf(PayloadNotReadable);
  });

  test('belongs to its namespace', async () => {
    await expect(createPayloadCodec(ring('k1', { k1: one }), 'other').decode([await seal('x')])).rejects.toBeInstanceOf(PayloadNotReadable);
  });

  test('an unknown key is named, and so is what to do', async () => {
    await expect(createPayloadCodec(ring('k2', { k2: two }), 'wattbook').decode([await seal('x')])).rejects.toThrow(/"k1".*WATTBOOK_PAYLOAD_KEYS/);
  });

  test('rotation (O-64): the new key writes, the old one still reads', async () => {
    const rotated = createPayloadCodec(ring('k2', { k1: one, k2: two }), 'wattbook');
    const [before, after] = [await seal('before'), (await rotated.encode([payload('after')]))[0]!];
    expect(text(after.metadata?.['encryption-key-id'])).toBe('k2');
    const opened = await rotated.decode([before, after]);
    expect(opened.map((one) => defaultPayloadConverter.fromPayload(one))).toEqual(['before', 'after']);
  });

  test('what was never encrypted passes: headers and old histories', async () => {
    const plain = payload('plain');
    expect(await codec.decode([plain])).toEqual([plain]);
  });

  test('more than 256 KiB never leaves (O-61)', async () => {
    await expect(seal('x'.repeat(257 * 1024))).rejects.toThrow(/store it and pass its id/);
    await expect(seal('x'.repeat(250 * 1024))).resolves.toBeDefined();
  });
});
