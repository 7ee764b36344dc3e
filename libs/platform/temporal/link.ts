import type { Client } from '@temporalio/client';

/** The way to Temporal, also while Temporal is away. */
export interface TemporalLink {
  readonly client: Client;
  /** As the last check saw it; asked before anything is stored that would need a workflow. */
  readonly isAvailable: () => boolean;
  /** @throws Problem `unavailable`, 503 */
  readonly assertAvailable: () => void;
  /** Asks the server now. @returns milliseconds it took */
  readonly ping: () => Promise<number>;
  readonly close: () => Promise<void>;
}
