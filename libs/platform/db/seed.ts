import { sql } from 'kysely';
import { ORG_KEY_PERMISSIONS, OPERATOR_KEY_PERMISSIONS } from '#domain/permissions/catalogue';
import { GPUS } from '#domain/fleet/gpus';
import { GRID_ZONES } from '#domain/grid/zones';
import { digestOf, parseApiKey } from '../identity/api-key.ts';
import { rows, type Database } from './in-org.ts';
import { SAMPLE_NODES, SAMPLE_ORGANISATIONS, sampleId, type SampleNode } from './sample-organisations.ts';

export interface SeedInput {
  /** Key text by slug of each sample organisation, `platform` included; only digests are stored. */
  readonly apiKeys: Readonly<Record<string, string>>;
  /** One-time enrolment token by node slug. */
  readonly enrolments: Readonly<Record<string, string>>;
  /** Ordered source names of a zone, as configured. */
  readonly gridSources: (zone: string) => readonly string[];
}

/** Room for ten jobs of ten H100 hours at once, with much to spare: in µUSD, mJ and ng. */
const SAMPLE_BUDGETS = [
  ['usd', 1_000_000_000_000n],
  ['kwh', 3_600_000_000_000_000n],
  ['co2e_g', 1_000_000_000_000_000_000n],
] as const;

/** Sample data of local and test mode (W-6). Every row has a fixed id and is inserted once: seeding again changes nothing. */
export async function seed({ inSystem, inOrg }: Database, input: SeedInput): Promise<void> {
  await inSystem(async (em) => {
    for (const zone of GRID_ZONES)
      await rows(em, sql`
        insert into zones (key, name, latitude, longitude, time_zone, residency, sources, installed_wind_solar_kw, fallback_intensity_mg_per_kwh, fallback_source, fallback_year)
        values (${zone.zone}, ${zone.name}, ${zone.latitude}, ${zone.longitude}, ${zone.timeZone}, ${zone.residency}, ${JSON.stringify(input.gridSources(zone.zone))}::jsonb,
                ${zone.installedKw}, ${zone.fallback.intensity}, ${zone.fallback.source}, ${zone.fallback.year})
        on conflict (key) do update set sources = excluded.sources where zones.sources <> excluded.sources`);
  });
  for (const [n, { id, slug, name, kind, homeZone, residency }] of SAMPLE_ORGANISATIONS.entries())
    await inOrg(id, async (em) => {
      await rows(em, sql`
        insert into organizations (org_id, slug, name, kind, home_zone, residency) values (${id}, ${slug}, ${name}, ${kind}, ${homeZone}, ${residency}) on conflict do nothing`);
      await rows(em, apiKeyRow(id, sampleId(2, n), kind === 'platform', input.apiKeys[slug]));
      if (kind === 'customer')
        for (const [k, [unit, limit]] of SAMPLE_BUDGETS.entries())
          await rows(em, sql`insert into budgets (org_id, id, name, unit, limit_amount) values (${id}, ${sampleId(3, n * 4 + k)}, ${`Sample budget in ${unit}`}, ${unit}, ${limit}) on conflict do nothing`);
    });
  for (const node of SAMPLE_NODES) await seedNode({ inSystem, inOrg }, node, input.enrolments[node.slug]);
}

function apiKeyRow(orgId: string, id: string, operator: boolean, text: string | undefined) {
  const parsed = text === undefined ? undefined : parseApiKey(text);
  if (!text || !parsed) throw new Error(`the sample organisation ${orgId} needs an API key; make one with makeApiKey`);
  const permissions = operator ? OPERATOR_KEY_PERMISSIONS : ORG_KEY_PERMISSIONS;
  return sql`insert into api_keys (org_id, id, key_id, prefix, digest, name, permissions)
             values (${orgId}, ${id}, ${parsed.keyId}, ${parsed.prefix}, ${digestOf(text)}, 'sample key', ${[...permissions]}) on conflict do nothing`;
}

/** The node's row waits as `provisioning` until its agent has registered with the enrolment. */
async function seedNode({ inSystem, inOrg }: Pick<Database, 'inSystem' | 'inOrg'>, node: SampleNode, token: string | undefined): Promise<void> {
  const owner = SAMPLE_ORGANISATIONS.find(({ slug }) => slug === node.owner)!;
  const power = GPUS[node.gpuModel]!;
  await inSystem((em) => rows(em, sql`
    insert into nodes (id, slug, owner_org_id, owner_kind, zone, gpu_model, gpu_memory_gb, gpus, price_micro_usd_per_gpu_hour, pue_e4, power_model, hardware)
    values (${node.id}, ${node.slug}, ${owner.id}, ${node.kind}, ${node.zone}, ${node.gpuModel}, ${power.memoryGb}, ${node.gpus}, ${node.priceMicroUsdPerGpuHour}, ${node.pueE4}, '{}', 'simulated')
    on conflict do nothing`));
  if (token === undefined) return;
  await inOrg(owner.id, (em) => rows(em, sql`
    insert into node_enrolments (org_id, id, slug, zone, kind, price_micro_usd_per_gpu_hour, pue_e4, token_sha256, expires_at)
    values (${owner.id}, ${sampleId(4, SAMPLE_NODES.indexOf(node))}, ${node.slug}, ${node.zone}, ${node.kind}, ${node.priceMicroUsdPerGpuHour}, ${node.pueE4}, ${digestOf(token)}, clock_timestamp() + interval '15 minutes')
    on conflict (org_id, id) do update set expires_at = excluded.expires_at where node_enrolments.used_at is null`));
}
