import { SetMetadata } from '@nestjs/common';
import { once } from 'node:events';
import { Problem } from '#platform/errors/problem';
import type { GatewayRequest } from './request.ts';
import { parseStrictJson } from './strict-json.ts';
import { invalidRequest } from './strict-query.ts';

export const BODY_LIMIT = Symbol('body limit');
const DEFAULT_LIMIT = 256 * 1024;

/** For routes whose bodies are larger by design (a node's reports). */
export const BodyLimit = (bytes: number) => SetMetadata(BODY_LIMIT, bytes);

/** Reads the body once its sender may be here at all: nothing of an unauthenticated request is parsed (P-30). */
export async function readJsonBody(request: GatewayRequest, limit = DEFAULT_LIMIT): Promise<void> {
  const bytes = await readBytes(request, limit);
  request.rawBody = bytes;
  if (bytes.length === 0) return;
  if (!isJson(request.get('content-type'))) throw new Problem('unsupported-media-type', 'Send the body as application/json in UTF-8.');
  const text = decode(bytes);
  const { value, faults } = parseStrictJson(text);
  if (faults) throw invalidRequest(faults);
  request.body = value;
}

const isJson = (type = ''): boolean => /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type);

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidRequest([{ pointer: '', code: 'not-utf-8', detail: 'The body is not UTF-8.' }]);
  }
}

async function readBytes(request: GatewayRequest, limit: number): Promise<Buffer> {
  if (Number(request.get('content-length') ?? 0) > limit) throw tooLarge(limit);
  if (request.get('content-encoding')) throw new Problem('unsupported-media-type', 'Send the body without content-encoding.');
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    over ||= size > limit;
    if (!over) chunks.push(chunk);
    else request.emit('over');
  });
  await Promise.race([once(request, 'end'), once(request, 'over')]).catch(() => Promise.reject(cutShort()));
  if (over) throw tooLarge(limit);
  return Buffer.concat(chunks, size);
}

const cutShort = () => invalidRequest([{ pointer: '', code: 'cut-short', detail: 'The body did not arrive whole.' }]);

// The rest of the body is not wanted: the connection ends with the answer.
const tooLarge = (limit: number) => new Problem('payload-too-large', `The body is larger than ${limit} bytes; send less, or in several requests.`, {}, { connection: 'close' });
