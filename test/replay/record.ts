/**
 * npm run replay:record -- --release 0.1.0 [--add]: drives real runs through the product and keeps their histories, decoded, as
 * test/replay/<workflow>/<release>/<case>.json (O-58). What was recorded is never written again.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';
import { findTemporal } from '../support/find-temporal.ts';

const CORPUS = 'test/replay';
const { values: { release, add } } = parseArgs({ options: { release: { type: 'string' }, add: { type: 'boolean', default: false } } });

if (!release || !/^\d+\.\d+\.\d+$/.test(release)) stop('Say which release the histories are of: npm run replay:record -- --release 0.1.0');
if (!findTemporal()) stop('There is no Temporal server to record with: run npm start once, or name the binary in WATTBOOK_TEST_TEMPORAL.');
const recorded = readdirSync(CORPUS).filter((workflow) => existsSync(join(CORPUS, workflow, release)));
if (recorded.length > 0 && !add)
  stop(`Release ${release} is recorded already (${recorded.join(', ')}), and a recorded history is never edited: name the next release, or say --add to record only the cases that are not there.`);

const vitest = await startVitest('test', [], {
  config: false, watch: false, dir: 'test/support/record', include: ['**/*.test.ts'], globalSetup: ['test/support/servers.ts'], provide: { release },
  testTimeout: 240_000, hookTimeout: 120_000, maxWorkers: 1, reporters: ['verbose'],
}, { ssr: { resolve: { conditions: ['source'] } }, oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } } });
await vitest.close();

function stop(why: string): never {
  console.error(why);
  process.exit(1);
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Whose histories are recorded. */
    release: string;
  }
}
