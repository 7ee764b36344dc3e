import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';

const CORPUS = 'test/replay';

/** An event as recorded: protobuf's JSON form, with payloads in base64. */
export interface RecordedEvent {
  readonly eventType: string;
  // eslint-disable-next-line -- attributes are judged member by member
  readonly [attributes: string]: any;
}

export interface RecordedRun {
  readonly workflow: string;
  readonly release: string;
  readonly name: string;
  readonly workflowId: string;
  readonly bytes: number;
  readonly events: readonly RecordedEvent[];
  readonly history: ReturnType<typeof historyFromJSON>;
}

/** `test/replay/<workflow>/<release>/<case>.json`, recorded by `npm run replay:record`, never edited (O-58). */
export function recordedRuns(): RecordedRun[] {
  const folders = (path: string) => (existsSync(path) ? readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name) : []);
  return folders(CORPUS).flatMap((workflow) => folders(join(CORPUS, workflow)).flatMap((release) =>
    readdirSync(join(CORPUS, workflow, release)).filter((name) => name.endsWith('.json')).sort().map((file) => {
      const text = readFileSync(join(CORPUS, workflow, release, file), 'utf8');
      const { workflow_id: workflowId, history } = JSON.parse(text) as { workflow_id: string; history: { events: RecordedEvent[] } };
      return { workflow, release, name: file.slice(0, -5), workflowId, bytes: text.length, events: history.events, history: historyFromJSON(history) };
    })));
}

/** Everything between `from` and below that Temporal keeps as bytes, read. */
export function payloadsIn(from: unknown): string[] {
  if (typeof from !== 'object' || from === null) return [];
  const { metadata, data } = from as { metadata?: { encoding?: string }; data?: string };
  if (metadata?.encoding !== undefined) return data === undefined ? [] : [Buffer.from(data, 'base64').toString()];
  return Object.values(from).flatMap(payloadsIn);
}
