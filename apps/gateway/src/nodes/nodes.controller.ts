import { randomBytes } from 'node:crypto';
import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import type { Database, SqlEntityManager } from '#platform/db/in-org';
import { notFound, Problem } from '#platform/errors/problem';
import { digestOf } from '#platform/identity/api-key';
import { uuidv7 } from '#platform/ids/uuidv7';
import { auditAllowed } from '../identity/audit.ts';
import { Caller, type Principal } from '../identity/caller.ts';
import { Requires } from '../identity/requires.ts';
import { Pages } from '../http/pages.ts';
import { DATABASE } from '../tokens.ts';
import { CreateEnrolment, NodeList } from './nodes.schemas.ts';
import { findNode, insertEnrolment, isZone, listNodes, ownAddresses, type NodeRow } from './nodes.sql.ts';

/** The fleet as every organisation may see it (W-11); what is the owner's alone is added for the owner and the operator. */
@Controller('api/v1/nodes')
export class NodesController {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    private readonly pages: Pages,
  ) {}

  @Get()
  @Requires('node.read')
  async list(@Caller() caller: Principal, @Query({ schema: NodeList }) query: NodeList) {
    const page = this.pages.open('nodes', caller.orgId, query);
    return this.database.inSystem(async (em, actAs) => {
      const found = await listNodes(em, { ...query, after: page.after?.[0], take: page.take });
      const { data, next_cursor } = page.close(found, ({ slug }) => [slug]);
      const addresses = await visibleAddresses(em, actAs, caller, data);
      return { data: data.map((row) => toApiNode(row, caller, addresses)), next_cursor };
    });
  }

  @Post('enrolments')
  @Requires('node.write', 'platform.operate')
  async enrol(@Caller() caller: Principal, @Body({ schema: CreateEnrolment }) body: CreateEnrolment) {
    const token = `wbn_${randomBytes(32).toString('base64url')}`;
    return this.database.inOrg(caller.orgId, async (em) => {
      if (!(await isZone(em, body.zone))) throw new Problem('unknown-zone', `There is no grid zone ${body.zone}; GET /api/v1/zones lists them.`);
      const known = await findNode(em, body.slug);
      if (known && known.owner_org_id !== caller.orgId && !caller.operator) throw new Problem('key-mismatch', `The name ${body.slug} is another owner's node; choose another.`);
      if (known?.state === 'retired') throw retiredForEver(body.slug);
      const id = uuidv7();
      const { expires_at } = await insertEnrolment(em, caller.orgId, id, digestOf(token), body);
      await auditAllowed(em, caller, { action: 'node.enrol', permission: 'node.write', target: { type: 'node', id: body.slug } });
      return { id, enrolment_token: token, expires_at: new Date(expires_at).toISOString() };
    });
  }

  @Get(':id')
  @Requires('node.read')
  async read(@Caller() caller: Principal, @Param('id') id: string) {
    return this.database.inSystem(async (em, actAs) => {
      const row = await findNode(em, id);
      if (!row) throw notFound();
      return toApiNode(row, caller, await visibleAddresses(em, actAs, caller, [row]));
    });
  }
}

export const retiredForEver = (slug: string) => new Problem('invalid-transition', `The node ${slug} is retired, and that is final. Enrol the hardware under another name.`, { state: 'retired', allowed: [] });

type ActAs = (orgId: string) => Promise<void>;

/** Addresses are tenants' rows: each owner's are read as that owner, and only where the caller may see them. */
async function visibleAddresses(em: SqlEntityManager, actAs: ActAs, caller: Principal, nodes: readonly NodeRow[]): Promise<ReadonlyMap<string, string>> {
  const visible = Map.groupBy(nodes.filter((node) => isOwn(node, caller)), ({ owner_org_id }) => owner_org_id);
  const all = new Map<string, string>();
  for (const [owner, own] of visible) {
    await actAs(owner);
    for (const [id, address] of await ownAddresses(em, own.map(({ id }) => id))) all.set(id, address);
  }
  return all;
}

const isOwn = ({ owner_org_id }: NodeRow, { orgId, operator }: Principal): boolean => operator || owner_org_id === orgId;
const time = (text: string | null): string | null => (text === null ? null : new Date(text).toISOString());

function toApiNode(row: NodeRow, caller: Principal, addresses: ReadonlyMap<string, string>) {
  const { id, slug, kind, zone, gpu_model, gpu_memory_gb, gpus, gpus_reserved, price_micro_usd_per_gpu_hour, energy_adder_micro_usd_per_mwh, pue_e4, state, hardware, time_scale, trust_e3 } = row;
  const shown = {
    id, slug, kind, zone, gpu_model, gpu_memory_gb, gpus, gpus_free: gpus - gpus_reserved, price_micro_usd_per_gpu_hour, energy_adder_micro_usd_per_mwh, pue_e4, state,
    state_since: time(row.state_since), hardware, time_scale, trust: trust_e3 / 1_000, signal: { source: row.signal_source, quality: row.signal_quality },
  };
  if (!isOwn(row, caller)) return shown;
  return { ...shown, address: addresses.get(id) ?? null, state_cause: row.state_cause, last_heartbeat_at: time(row.last_heartbeat_at), last_report_at: time(row.last_report_at) };
}
