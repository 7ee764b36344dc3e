import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';

export const CORPUS = 'test/replay';

export interface RecordedRun {
  readonly workflow: string;
  readonly release: string;
  readonly name: string;
  readonly workflowId: string;
  readonly history: ReturnType<typeof historyFromJSON>;
}

/** `test/replay/<workflow>/<release>/<case>.json`, recorded by `npm run replay:record`, never edited (O-58). */
export function recordedRuns(): RecordedRun[] {
  const folders = (path: string) => (existsSync(path) ? readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name) : []);
  return folders(CORPUS).flatMap((workflow) => folders(join(CORPUS, workflow)).flatMap((release) =>
    readdirSync(join(CORPUS, workflow, release)).filter((name) => name.endsWith('.json')).sort().map((file) => {
      const { workflow_id: workflowId, history } = JSON.parse(readFileSync(join(CORPUS, workflow, release, file), 'utf8')) as { workflow_id: string; history: unknown };
      return { workflow, release, name: file.slice(0, -5), workflowId, history: historyFromJSON(history) };
    })));
}
