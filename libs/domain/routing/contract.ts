import type { DecisionDocument } from './document.ts';
import type { Ready } from './ready.ts';
import type { MoveTariff, NodeOffer, RoutingTime, WorkAsk, ZoneView } from './types.ts';
import type { KeepReason } from './words.ts';

/** Everything one decision may know. `id` and `codeVersion` are only carried into the document. */
export interface RoutingInput {
  readonly id: string;
  readonly codeVersion: string;
  /** What caused it, in the books' words: `created`, `interval`, `event:<id>`, `request`, `node_lost`, … */
  readonly trigger: string;
  readonly time: RoutingTime;
  readonly nodes: readonly NodeOffer[];
  readonly zones: readonly ZoneView[];
  readonly ask: WorkAsk;
  /** The live decision that a shadow policy re-decides (W-79). */
  readonly shadowOf?: string;
  readonly tariff?: MoveTariff;
  /** Made of these very nodes and zones by who decides many times over them. */
  readonly ready?: Ready;
}

export interface PlaceInput extends RoutingInput {
  /** `replace` after a lost node or a pause, `request` for PUT …/route, `event` for a start on `absorb`. */
  readonly kind?: 'place' | 'replace' | 'request' | 'event';
  /** False on `absorb`, on request and on a placement after the first: then nothing waits for a better hour (W-67). */
  readonly mayWait: boolean;
  /** It waits already: it goes on waiting down to half of the policy's saving. */
  readonly waiting: boolean;
}

export interface ReconsiderInput extends RoutingInput {
  /** `move` is stored as `move` or `keep` by what came out. */
  readonly kind?: 'move' | 'event' | 'request';
}

/** W-74: a move that needs neither threshold, nor gain, nor plan. */
export interface LeaveInput extends RoutingInput {
  readonly cause: 'shed' | 'drain' | 'quarantine' | 'force';
  /** False for a drain of a deploy, which is no fault of the workload (W-74). */
  readonly counts: boolean;
  /** Only with `force`: the one node that is wanted (slug or id). */
  readonly targetNode?: string;
}

/** What the caller does; `nodes` are slugs in order, the next one for the loser of a race (W-65). */
export type Outcome =
  | { readonly do: 'place'; readonly nodes: readonly string[] }
  | { readonly do: 'wait'; readonly startsByMs: number; readonly bestStartMs: number }
  | { readonly do: 'queue' }
  | { readonly do: 'move'; readonly nodes: readonly string[]; readonly counts: boolean }
  | { readonly do: 'keep'; readonly reason: KeepReason }
  | { readonly do: 'pause'; readonly reason: 'shed' };

export interface Decision {
  readonly outcome: Outcome;
  /** The document's, without writing the document. */
  readonly reason: string;
  /** W-76, stored and shown, written when it is read. `inputs_sha256` is empty: `withInputsHash` puts `inputsSha256` of `inputs` there. */
  readonly document: DecisionDocument;
  /** All that was read. */
  readonly inputs: RoutingInput;
}
