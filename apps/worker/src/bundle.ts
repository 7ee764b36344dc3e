import { writeFileSync } from 'node:fs';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { FAILURE_CONVERTER } from '#platform/temporal/data-converter';
import { bundleCode, PREBUILT } from './workflow-bundle.ts';

// A step of the build: workflows are bundled once, not at every start of a worker.
Runtime.install({ logger: new DefaultLogger('WARN') });
writeFileSync(PREBUILT, await bundleCode(FAILURE_CONVERTER));
process.exit(0);
