// `npm run stop`: ends a running instance as Ctrl-C does.
import { EXIT } from './parts/exit-codes.mjs';
import { stopRunning } from './parts/stop-running.mjs';

const stopped = await stopRunning();
process.stdout.write(stopped === undefined ? 'Nothing is running.\n' : stopped ? 'Stopped.\n' : 'The instance did not stop in time; npm run status shows what is left.\n');
process.exitCode = stopped === undefined ? EXIT.notRunning : stopped ? EXIT.done : EXIT.timedOut;
