import { sql } from 'kysely';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import type { PatchOrganization } from './organization.schemas.ts';

export interface OrganizationRow {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly kind: string;
  readonly home_zone: string;
  readonly residency: string;
  readonly policy: unknown;
  readonly carbon_target: unknown;
  readonly payout: unknown;
  readonly status: string;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const COLUMNS = sql`org_id as id, slug, name, kind, home_zone, residency, policy, carbon_target, payout, status, version,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at, to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_at`;

/** Row-level security leaves exactly one row: the caller's own. */
export const findOrganization = async (em: SqlEntityManager): Promise<OrganizationRow | undefined> =>
  (await rows(em, sql<OrganizationRow>`select ${COLUMNS} from organizations`))[0];

/** @returns undefined where the row is no longer of the version that the caller saw */
export async function changeOrganization(em: SqlEntityManager, { name, home_zone, residency }: PatchOrganization, version: number | undefined): Promise<OrganizationRow | undefined> {
  const [row] = await rows(em, sql<OrganizationRow>`
    update organizations set name = coalesce(${name ?? null}, name), home_zone = coalesce(${home_zone ?? null}, home_zone), residency = coalesce(${residency ?? null}, residency),
           version = version + 1, updated_at = clock_timestamp()
     where ${version ?? null}::int is null or version = ${version ?? null} returning ${COLUMNS}`);
  return row;
}
