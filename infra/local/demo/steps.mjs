// The steps of `npm run demo` in their order (O-21). Each sees the product from outside only: its public API, its event streams, the
// Temporal command line and the logs. A step returns its evidence in one line, or throws what it expected and what it saw.
import { conservation } from './completion.mjs';
import { eventOpened, movedOn, signals } from './grid.mjs';
import { placed } from './placing.mjs';
import { oneCorrelationId } from './trail.mjs';

export const steps = [
  { name: 'grid-signals', run: signals },
  { name: 'workload-placed', run: placed },
  { name: 'grid-event-opened', run: eventOpened },
  { name: 'workload-moved', run: movedOn },
  { name: 'workload-completed', run: conservation },
  { name: 'one-correlation-id', run: oneCorrelationId },
];
