import { sql } from 'kysely';
import type { DecisionDocument } from '#domain/routing/document';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { EventData, TenantEventName } from '#platform/stream/append';
import type { EventRef } from '#workflows/workloads/workload.messages';

export interface NewDecision {
  readonly document: DecisionDocument;
  readonly winnerNodeId: string | null;
  readonly event: EventRef | undefined;
}

/** W-76, append-only, with each workload's `last_decision_id`. */
export async function insertDecisions(em: SqlEntityManager, orgId: string, made: readonly NewDecision[]): Promise<void> {
  const list = made.map(({ document, winnerNodeId, event }) => ({
    id: document.id, workload_id: document.workload_id, kind: document.kind, decided_at: document.decided_at, outcome: document.outcome, reason: document.reason,
    winner_node_id: winnerNodeId, event_zone: event?.zone ?? null, event_id: event?.eventId ?? null, body: document,
  }));
  await rows(em, sql`
    insert into decisions (org_id, id, workload_id, kind, decided_at, outcome, reason, winner_node_id, event_zone, event_id, body)
    select ${orgId}, d.* from json_to_recordset(${JSON.stringify(list)}::json)
      as d (id uuid, workload_id uuid, kind text, decided_at timestamptz, outcome text, reason text, winner_node_id uuid, event_zone text, event_id text, body jsonb)`);
  await rows(em, sql`
    update workloads w set last_decision_id = d.id
      from unnest(${list.map(({ id }) => id)}::uuid[], ${list.map((one) => one.workload_id)}::uuid[]) as d (id, workload_id) where w.id = d.workload_id`);
}

export interface Placed {
  readonly workload_id: string;
  readonly node_id: string;
  readonly zone: string;
  readonly segment: number;
  readonly fence: number;
  readonly power_w: number;
}

export const writePlaced = (em: SqlEntityManager, placed: readonly Placed[]) =>
  rows(em, sql`
    update workloads w set state = 'placing', reason = null, run_started = true, node_id = p.node_id, zone = p.zone, segment = p.segment, fence = p.fence, power_w = p.power_w,
           exclusions = null, starts_by = null, version = version + 1, updated_at = clock_timestamp()
      from json_to_recordset(${JSON.stringify(placed)}::json) as p (workload_id uuid, node_id uuid, zone text, segment int, fence int, power_w int)
     where w.id = p.workload_id`);

export interface Told {
  readonly name: TenantEventName;
  readonly data: EventData & { readonly workload_id: string };
}

/** As `append`, many at once, heard in this order. */
export const appendAll = (em: SqlEntityManager, orgId: string, told: readonly Told[]) =>
  rows(em, sql`
    insert into stream_events (org_id, workload_id, name, data)
    select ${orgId}, (t.data ->> 'workload_id')::uuid, t.name, t.data from rows from (json_to_recordset(${JSON.stringify(told)}::json) as (name text, data jsonb)) with ordinality as t (name, data, n)
     order by t.n`);
