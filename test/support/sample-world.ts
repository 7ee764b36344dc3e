import { sql } from 'kysely';
import { hostClass, samplePowerModel } from '#domain/fleet/gpus';
import { rows } from '#platform/db/in-org';
import { SAMPLE_NODES, SAMPLE_ORGANISATIONS } from '#platform/db/sample-organisations';
import { seed } from '#platform/db/seed';
import { seedSignals } from '#platform/grid/seed-signals';
import { makeApiKey } from '#platform/identity/api-key';
import type { FreshDatabase } from './database.ts';
import { modelGrid } from './model-grid.ts';

export interface SampleWorld {
  /** Key by slug of each sample organisation. */
  readonly keys: Readonly<Record<string, string>>;
  readonly orgs: Readonly<Record<string, string>>;
}

/** The sample organisations, budgets and signals as `npm start` seeds them; the 14 nodes as if their agents had registered. */
export async function sampleWorld(db: FreshDatabase): Promise<SampleWorld> {
  const keys = Object.fromEntries(SAMPLE_ORGANISATIONS.map(({ slug }) => [slug, makeApiKey('wb_test_')]));
  await seed(db, { apiKeys: keys, enrolments: {}, gridSources: () => ['simulated'] });
  await seedSignals(db, await modelGrid(300));
  for (const { id, kind, gpus, gpuModel } of SAMPLE_NODES) {
    const power = samplePowerModel(gpuModel, hostClass(kind === 'gamer' ? 'owner_gamer' : 'owner_datacenter', gpus));
    await db.inSystem((em) => rows(em, sql`update nodes set state = 'online', power_model = ${JSON.stringify(power)}::jsonb, time_scale = 12 where id = ${id}`));
  }
  return { keys, orgs: Object.fromEntries(SAMPLE_ORGANISATIONS.map(({ slug, id }) => [slug, id])) };
}
