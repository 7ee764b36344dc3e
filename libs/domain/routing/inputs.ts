import type { RoutingInput } from './contract.ts';

/** What all decisions over one reading of fleet and grid share. */
export type FleetInputs = Pick<RoutingInput, 'nodes' | 'zones'>;

/** SHA-256 of a value's RFC 8785 bytes, hex: handed in, since routing itself hashes nothing. */
export type Sha256Of = (value: unknown) => string;

/**
 * W-77's `inputs_sha256`: the hash of everything a decision read, where nodes and zones stand as a hash of their own,
 * `fleet_sha256`, so that a page of decisions hashes them once. Both are computed from `RoutingInput` alone.
 */
export const inputsSha256 = (input: RoutingInput, sha256Of: Sha256Of, fleet: string = fleetSha256(input, sha256Of)): string =>
  sha256Of({ ...ownInputs(input), fleet_sha256: fleet });

/** Of the hashes of each node and of all zones: where one node is counted anew, the others' hashes stay. */
export function fleetSha256(fleet: FleetInputs, sha256Of: Sha256Of): string {
  const { nodes, zones } = fleetInputs(fleet);
  return sha256Of({ nodes: nodes.map((node) => sha256Of(node)), zones: sha256Of(zones) });
}

/** Nodes and zones as plain JSON, by name, so that their order does not count. */
export const fleetInputs = ({ nodes, zones }: FleetInputs): { readonly nodes: readonly unknown[]; readonly zones: unknown } => ({
  nodes: [...nodes].sort((a, b) => (a.slug < b.slug ? -1 : 1)).map(plainJson), zones: plainJson([...zones].sort((a, b) => (a.zone < b.zone ? -1 : 1))),
});

/** All the rest, as plain JSON; `ready` says nothing that nodes and zones do not. */
export function ownInputs({ nodes: _nodes, zones: _zones, ready: _ready, ...own }: RoutingInput): Readonly<Record<string, unknown>> {
  return plainJson(own) as Readonly<Record<string, unknown>>;
}

/** Bigints as strings; functions are left out. */
export const plainJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? one.toString() : one)));
