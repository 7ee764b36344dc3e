import { sql } from 'kysely';
import { one, rows, type SqlEntityManager } from '#platform/db/in-org';
import { isUuid } from '#platform/ids/uuidv7';

export interface NodeRow {
  readonly id: string;
  readonly slug: string;
  readonly owner_org_id: string;
  readonly kind: 'datacenter' | 'gamer';
  readonly zone: string;
  readonly gpu_model: string;
  readonly gpu_memory_gb: number;
  readonly gpus: number;
  readonly gpus_reserved: number;
  readonly price_micro_usd_per_gpu_hour: string;
  readonly energy_adder_micro_usd_per_mwh: string;
  readonly pue_e4: number;
  readonly state: string;
  readonly state_since: string;
  readonly state_cause: string;
  readonly hardware: 'real' | 'simulated';
  readonly time_scale: number;
  readonly trust_e3: number;
  readonly signal_source: string | null;
  readonly signal_quality: string | null;
  readonly last_heartbeat_at: string | null;
  readonly last_report_at: string | null;
}

/** The newest intensity of the node's zone that has begun: one index look-up a node. */
const SELECT = sql`
  select n.id, n.slug, n.owner_org_id, n.owner_kind as kind, n.zone, n.gpu_model, n.gpu_memory_gb, n.gpus, n.gpus_reserved, n.price_micro_usd_per_gpu_hour,
         n.energy_adder_micro_usd_per_mwh, n.pue_e4, n.state, n.state_since, n.state_cause, n.hardware, n.time_scale, n.trust_e3,
         s.source as signal_source, s.quality as signal_quality, r.last_heartbeat_at, r.last_report_at
    from nodes n
    left join node_runtime r on r.node_id = n.id
    left join lateral (
      select g.source, g.quality from grid_signals g
       where g.zone = n.zone and g.kind = 'intensity' and g.basis = 'average_lifecycle' and g.interval_start <= clock_timestamp()
       order by g.interval_start desc, g.issued_at desc limit 1) s on true`;

export const listNodes = (em: SqlEntityManager, { zone, state, after, take }: { zone?: string | undefined; state?: string | undefined; after: string | undefined; take: number }) =>
  rows(em, sql<NodeRow>`${SELECT}
    where (${zone ?? null}::text is null or n.zone = ${zone ?? null}) and (${state ?? null}::text is null or n.state = ${state ?? null}) and n.slug > ${after ?? ''}
    order by n.slug limit ${take}`);

/** By id or slug (W-3). */
export async function findNode(em: SqlEntityManager, idOrSlug: string): Promise<NodeRow | undefined> {
  const [row] = await rows(em, isUuid(idOrSlug) ? sql<NodeRow>`${SELECT} where n.id = ${idOrSlug}` : sql<NodeRow>`${SELECT} where n.slug = ${idOrSlug}`);
  return row;
}

/** Addresses of the nodes of the organisation that the transaction is bound to. */
export async function ownAddresses(em: SqlEntityManager, nodeIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = await rows(em, sql<{ node_id: string; address: string }>`select node_id, address from node_credentials where node_id = any(${[...nodeIds]}::uuid[])`);
  return new Map(found.map(({ node_id, address }) => [node_id, address]));
}

export interface EnrolmentRow {
  readonly org_id: string;
  readonly id: string;
  readonly slug: string;
  readonly zone: string;
  readonly kind: 'datacenter' | 'gamer';
  readonly price_micro_usd_per_gpu_hour: string;
  readonly pue_e4: number;
  readonly expired: boolean;
  readonly used: boolean;
}

/** Before the organisation is known: by the token's digest alone. */
export async function findEnrolment(em: SqlEntityManager, digest: Buffer): Promise<EnrolmentRow | undefined> {
  const [row] = await rows(em, sql<EnrolmentRow>`
    select org_id, id, slug, zone, kind, price_micro_usd_per_gpu_hour, pue_e4, expires_at <= clock_timestamp() as expired, used_at is not null as used from auth_enrolment(${digest})`);
  return row;
}

export const insertEnrolment = (em: SqlEntityManager, orgId: string, id: string, digest: Buffer, body: { slug: string; zone: string; kind: string; price_micro_usd_per_gpu_hour: string; pue_e4: number }) =>
  one(em, sql<{ expires_at: string }>`
    insert into node_enrolments (org_id, id, slug, zone, kind, price_micro_usd_per_gpu_hour, pue_e4, token_sha256, expires_at)
    values (${orgId}, ${id}, ${body.slug}, ${body.zone}, ${body.kind}, ${body.price_micro_usd_per_gpu_hour}, ${body.pue_e4}, ${digest}, clock_timestamp() + interval '15 minutes')
    returning expires_at`);

export const isZone = async (em: SqlEntityManager, zone: string): Promise<boolean> => (await rows(em, sql`select from zones where key = ${zone}`)).length === 1;
