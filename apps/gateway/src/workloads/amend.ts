import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { toLimits } from '#platform/workloads/limits';
import type { WorkloadRow } from '#platform/workloads/row';
import { BUDGET_UNITS, LEDGER_NAMES } from '#domain/workload/budget';
import { Problem } from '#platform/errors/problem';
import { texts } from './to-order.ts';
import type { AmendWorkload } from './workloads.schemas.ts';

type Editable = Pick<WorkloadRow, 'labels' | 'budget' | 'on_exhausted'>;

/** What a customer can change, and only that: progress and energy do not make an `If-Match` stale. */
export const editableEtag = ({ labels, budget, on_exhausted }: Editable): string =>
  `"${createHash('sha256').update(canonicalize({ labels, budget, on_exhausted })!).digest('base64url').slice(0, 22)}"`;

/** Not needed for a command on a workload, honoured where it is sent. */
export function matchEditable(row: Editable, ifMatch: string | undefined): void {
  const etag = editableEtag(row);
  if (ifMatch === undefined || ifMatch.trim() === '*' || ifMatch.trim() === etag) return;
  throw new Problem('stale-version', 'Labels or budget have changed since you read the workload; read it again and repeat your change.', {}, { etag });
}

/** A merge (RFC 7396): what is absent stays, null removes. @returns what the run is to write, whole */
export function amended(row: Editable, { labels, budget }: AmendWorkload) {
  return {
    ...(labels && { labels: merged(row.labels, labels) }),
    ...(budget && { budget: { ...limitsAfter(row, budget), on_exhausted: budget.on_exhausted ?? row.on_exhausted } }),
  };
}

function limitsAfter(row: Editable, budget: NonNullable<AmendWorkload['budget']>) {
  const removed = BUDGET_UNITS.filter((unit) => budget[unit] === null).map((unit) => [LEDGER_NAMES[unit], null]);
  return merged(row.budget ?? {}, { ...toLimits(texts(budget)), ...Object.fromEntries(removed) });
}

function merged(before: Readonly<Record<string, string>>, change: Readonly<Record<string, string | null>>): Record<string, string> {
  const after = { ...before, ...change };
  return Object.fromEntries(Object.entries(after).filter((pair): pair is [string, string] => pair[1] !== null));
}
