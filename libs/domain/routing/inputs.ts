import type { RoutingInput } from './types.ts';

/** What all decisions over one reading of fleet and grid share. */
export type FleetInputs = Pick<RoutingInput, 'nodes' | 'zones'>;

/** SHA-256 of a value's RFC 8785 bytes, hex: handed in, since routing itself hashes nothing. */
export type Sha256Of = (value: unknown) => string;

/**
 * W-77's `inputs_sha256`: the hash of everything a decision read, where nodes and zones stand as a hash of their own,
 * `fleet_sha256`, so that a page of decisions hashes them once. Both are computed from `RoutingInput` alone.
 */
export const inputsSha256 = (input: RoutingInput, sha256Of: Sha256Of, fleetSha256: string = sha256Of(fleetInputs(input))): string =>
  sha256Of({ ...ownInputs(input), fleet_sha256: fleetSha256 });

/** Nodes and zones as plain JSON, by name, so that their order does not count. */
export const fleetInputs = ({ nodes, zones }: FleetInputs): { readonly nodes: unknown; readonly zones: unknown } => ({
  nodes: plainJson([...nodes].sort((a, b) => (a.slug < b.slug ? -1 : 1))), zones: plainJson([...zones].sort((a, b) => (a.zone < b.zone ? -1 : 1))),
});

/** All the rest, as plain JSON; `ready` says nothing that nodes and zones do not. */
export function ownInputs({ nodes: _nodes, zones: _zones, ready: _ready, ...own }: RoutingInput): Readonly<Record<string, unknown>> {
  return plainJson(own) as Readonly<Record<string, unknown>>;
}

/** Bigints as strings; functions are left out. */
export const plainJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? one.toString() : one)));
