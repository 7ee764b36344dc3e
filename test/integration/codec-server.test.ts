import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPayloadCodec } from '#platform/temporal/payload-codec';
import { silentLogger } from '#platform/telemetry/logger';
import { startCodecServer } from '../../apps/gateway/src/codec/codec-server.ts';

const ring = { active: 'k1', keys: new Map([['k1', randomBytes(32)]]) };
const config = { mode: 'local', bind: '127.0.0.1', codecPort: 0, temporalUiPort: 8233, temporalNamespace: 'wattbook' } as const;
const UI = 'http://127.0.0.1:8233';
let server: NonNullable<Awaited<ReturnType<typeof startCodecServer>>>;

beforeAll(async () => {
  server = (await startCodecServer({ config, ring, log: silentLogger }))!;
});
afterAll(() => server.close());

const ask = async (path: string, payloads: unknown, { method = 'POST', origin = UI as string | undefined } = {}) => {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { 'content-type': 'application/json', 'x-namespace': 'wattbook', ...(origin ? { origin } : {}) }, ...(method === 'POST' ? { body: JSON.stringify({ payloads }) } : {}) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text ? (JSON.parse(text) as any) : undefined };
};
const base64 = (value: Uint8Array | string) => Buffer.from(value).toString('base64');

/** As the Web UI reads it out of a history: protobuf's JSON. */
async function stored(value: unknown, namespace = 'wattbook') {
  const [sealed] = await createPayloadCodec(ring, namespace).encode([defaultPayloadConverter.toPayload(value)]);
  return { metadata: Object.fromEntries(Object.entries(sealed!.metadata!).map(([name, bytes]) => [name, base64(bytes)])), data: base64(sealed!.data!) };
}

describe('the codec server (O-65)', () => {
  test('shows the Web UI the plain state', async () => {
    const { status, json, headers } = await ask('/codec/wattbook/decode', [await stored({ state: 'running', zone: 'FR' }), await stored('two')]);
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe(UI);
    expect(json.payloads.map(({ data }: { data: string }) => JSON.parse(atob(data)) as unknown)).toEqual([{ state: 'running', zone: 'FR' }, 'two']);
    expect(atob(json.payloads[0].metadata.encoding)).toBe('json/plain');
  });

  test('encodes what the Web UI sends, so that the worker can read it', async () => {
    const { json } = await ask('/codec/wattbook/encode', [{ metadata: { encoding: base64('json/plain') }, data: base64('{"by":"operator"}') }]);
    expect(atob(json.payloads[0].metadata.encoding)).toBe('binary/encrypted');
    const { json: back } = await ask('/codec/wattbook/decode', json.payloads);
    expect(atob(back.payloads[0].data)).toBe('{"by":"operator"}');
  });

  test('answers the browser\'s question before', async () => {
    const { status, headers } = await ask('/codec/wattbook/decode', [], { method: 'OPTIONS' });
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-headers')).toContain('x-namespace');
  });

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is 405', async (method) => expect(await ask('/codec/wattbook/decode', [], { method })).toMatchObject({ status: 405 }));

  test('another page is refused and gets no permission to read', async () => {
    const { status, headers } = await ask('/codec/wattbook/decode', [await stored('secret')], { origin: 'http://evil.example' });
    expect(status).toBe(403);
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });

  test('a payload of another namespace, a changed one and no JSON at all are 400', async () => {
    const sealed = await stored('x');
    expect(await ask('/codec/other/decode', [sealed])).toMatchObject({ status: 400 });
    expect(await ask('/codec/wattbook/decode', [{ ...sealed, data: base64('changed bytes, longer than a tag and a nonce') }])).toMatchObject({ status: 400, json: { error: expect.stringContaining('does not open') } });
    expect((await fetch(`http://127.0.0.1:${server.port}/codec/wattbook/decode`, { method: 'POST', body: '{' })).status).toBe(400);
  });

  test.each(['/', '/codec/wattbook', '/codec/wattbook/erase', '/codec//decode'])('%s is unknown', async (path) => expect(await ask(path, [])).toMatchObject({ status: 404 }));

  test('in production there is none', async () => {
    expect(await startCodecServer({ config: { ...config, mode: 'production' }, ring, log: silentLogger })).toBeUndefined();
  });
});
