import { sql, type RawBuilder } from 'kysely';
import type { PolicyInForce } from '#domain/routing/policy';
import type { WorkloadBudget } from '#domain/workload/budget';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import { isUuid } from '#platform/ids/uuidv7';
import { notFound } from '#platform/errors/problem';
import { ownColumns, workloadRows, type OwnColumns, type WorkloadRow } from '#platform/workloads/row';
import { currentSignals } from '#platform/workloads/signals.sql';
import type { WorkloadSpec } from '#platform/workloads/spec';
import { toApiWorkload } from '#platform/workloads/to-api';
import type { ListWorkloads } from './workloads.schemas.ts';

export interface NewWorkload {
  readonly id: string;
  readonly name: string;
  readonly spec: WorkloadSpec;
  readonly policy: PolicyInForce;
  readonly labels: Readonly<Record<string, string>>;
  readonly limits: WorkloadBudget | null;
  readonly onExhausted: 'pause' | 'stop';
  readonly correlationId: string;
}

/** `created_at` in whole milliseconds: what a list shows is then exactly what it is sorted by. */
export const insertWorkload = (em: SqlEntityManager, { id, name, spec, policy, labels, limits, onExhausted, correlationId }: NewWorkload): Promise<OwnColumns> =>
  one(em, sql<OwnColumns>`
    insert into workloads as w (org_id, id, name, kind, spec, labels, policy, state, gpus, units_total, max_moves, deadline, not_before, budget, on_exhausted, correlation_id, created_at)
    values (current_setting('app.org')::uuid, ${id}, ${name}, ${spec.kind}, ${json(spec)}, ${json(labels)}, ${json(policy)}, 'accepted', ${spec.resources.gpu_count},
            ${spec.work.h100_seconds}, ${policy.maxMoves}, ${spec.schedule.deadline ?? null}, ${spec.schedule.not_before ?? null}, ${limits && json(limits)}, ${onExhausted},
            ${correlationId}, date_trunc('milliseconds', clock_timestamp()))
    returning ${ownColumns}`);

const json = (value: unknown): RawBuilder<unknown> => sql`${JSON.stringify(value)}::jsonb`;

/** @throws Problem not-found: another organisation's id, an unknown one and a text that is no id are one answer (P-9) */
export async function findWorkload(em: SqlEntityManager, id: string): Promise<WorkloadRow> {
  const [row] = isUuid(id) ? await rows(em, sql<WorkloadRow>`select ${workloadRows} where w.id = ${id}`) : [];
  if (!row) throw notFound();
  return row;
}

/** The workload as the API shows it, beside its row. */
export async function showWorkload(em: SqlEntityManager, id: string) {
  const row = await findWorkload(em, id);
  return { row, shown: toApiWorkload(row, await currentSignals(em, [row.zone])) };
}

export const findNodeId = async (em: SqlEntityManager, slugOrId: string): Promise<string | undefined> =>
  (await rows(em, sql<{ id: string }>`select id from nodes where slug = ${slugOrId} or id::text = ${slugOrId}`))[0]?.id;

/** Newest first by (created_at, id): what is inserted while somebody pages lies before every page he still reads (W-85). */
export async function listWorkloads(em: SqlEntityManager, filters: ListWorkloads, after: readonly string[] | undefined, take: number) {
  const found = await rows(em, sql<WorkloadRow>`
    select ${workloadRows} where ${conditions(filters, after)} order by w.created_at desc, w.id desc limit ${take}`);
  const signals = await currentSignals(em, found.map(({ zone }) => zone));
  return found.map((row) => toApiWorkload(row, signals));
}

function conditions({ state, kind, zone, node, label, created_after, created_before }: ListWorkloads, after: readonly string[] | undefined): RawBuilder<unknown> {
  const [name, value] = label?.includes(':') ? [label.slice(0, label.indexOf(':')), label.slice(label.indexOf(':') + 1)] : [label, undefined];
  const wanted = [
    state !== undefined && sql`w.state = ${state}`,
    kind !== undefined && sql`w.kind = ${kind}`,
    zone !== undefined && sql`w.zone = ${zone}`,
    node !== undefined && sql`w.node_id = (select id from nodes where slug = ${node} or id::text = ${node})`,
    name !== undefined && (value === undefined ? sql`w.labels ? ${name}` : sql`w.labels ->> ${name} = ${value}`),
    created_after !== undefined && sql`w.created_at > ${created_after}::timestamptz`,
    created_before !== undefined && sql`w.created_at < ${created_before}::timestamptz`,
    after && sql`(w.created_at, w.id) < (${after[0]}::timestamptz, ${after[1]}::uuid)`,
  ].filter((condition) => condition !== false && condition !== undefined);
  return wanted.length > 0 ? sql.join(wanted, sql` and `) : sql`true`;
}

export interface OrderingOrganisation {
  readonly org_id: string;
  readonly home_zone: string;
  readonly residency: 'EU' | 'UK' | 'US' | 'any';
  readonly policy: unknown;
  /** The database's clock decides. */
  readonly now_ms: string;
  /** Of all zones, by their published means. */
  readonly worst_intensity: string;
}

/** The transaction's organisation, as an order takes its defaults from it. */
export const orderingOrganisation = (em: SqlEntityManager): Promise<OrderingOrganisation> =>
  one(em, sql<OrderingOrganisation>`
    select org_id, home_zone, residency, policy, floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms,
           (select coalesce(max(fallback_intensity_mg_per_kwh), 2000000) from zones) as worst_intensity from organizations`);
