import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON, JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { inject, test } from 'vitest';

export interface Recorded {
  readonly temporal: Client;
  readonly workflowId: string;
  /** The run in force where none is named. */
  readonly runId?: string;
}

const LARGEST = 150 * 1024;
const ENCRYPTED = Buffer.from('binary/encrypted').toString('base64');

/** Tells the story and keeps the history of the run that it names; a case that is there already is not told again (O-58). */
export function recording(workflow: 'workload' | 'gridEvent' | 'gridZone', name: string, story: () => Promise<Recorded>): void {
  const path = join('test/replay', workflow, inject('release'), `${name}.json`);
  test.skipIf(existsSync(path))(`${workflow} ${name}`, async () => {
    const { temporal, workflowId, runId } = await story();
    const history = await plainHistory(temporal, workflowId, runId);
    const text = `{"workflow_id":${JSON.stringify(workflowId)},"history":{"events":[\n${history.map((event) => JSON.stringify(event)).join(',\n')}\n]}}\n`;
    if (text.length > LARGEST) throw new Error(`${path} would have ${text.length} bytes, more than ${LARGEST}: tell a shorter story`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
  });
}

/** As the codec's owner reads it: payloads in plain, and nothing of the machine that recorded it. */
async function plainHistory(temporal: Client, workflowId: string, runId: string | undefined): Promise<readonly unknown[]> {
  const { events } = JSON.parse(historyToJSON(await temporal.workflow.getHandle(workflowId, runId).fetchHistory())) as { events: unknown[] };
  const codecs = temporal.options.loadedDataConverter.payloadCodecs;
  const decoded = async (payload: Json): Promise<Json> => {
    const [plain] = await codecs.reduceRight(async (payloads, codec) => codec.decode(await payloads), Promise.resolve([JSONToPayload(payload as never)]));
    return payloadToJSON(plain!) as never;
  };
  return Promise.all(events.map((event) => opened(event as Json, decoded)));
}

interface Json {
  readonly [name: string]: unknown;
}

async function opened(value: unknown, decoded: (payload: Json) => Promise<Json>): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => opened(one, decoded)));
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Json;
  if ((object['metadata'] as Json | undefined)?.['encoding'] === ENCRYPTED) return decoded(object);
  return Object.fromEntries(await Promise.all(Object.entries(object).map(async ([name, one]) => [name, anonymous(name, await opened(one, decoded))])));
}

/** Which process did a task, and where its code lay, mean nothing to a replay. */
function anonymous(name: string, value: unknown): unknown {
  if (name === 'identity') return 'recorder';
  if (name === 'stackTrace') return '';
  if (name !== 'encodedAttributes') return value;
  const { data, ...rest } = value as { data: string };
  const attributes = JSON.parse(Buffer.from(data, 'base64').toString()) as Json;
  return { ...rest, data: Buffer.from(JSON.stringify({ ...attributes, stack_trace: '' })).toString('base64') };
}
