import { sql } from 'kysely';
import { energyCost, operationalGrams } from '#domain/quantities/energy';
import { mgPerKwh, microUsdPerMwh, milliJoules, pueE4 } from '#domain/quantities/quantities';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

/** Energy of one segment in one signal interval (a line of M-43). */
export interface LineEnergy {
  readonly workloadId: string;
  readonly segment: number;
  readonly intervalStart: number;
  readonly lengthS: number;
  readonly nodeId: string;
  readonly zone: string;
  readonly energyMj: bigint;
  readonly pueE4: number;
  readonly grade: 'measured' | 'modelled' | 'estimated';
}

/** Worst grade first (M-4): a line or a sum carries the worst of its parts. */
const GRADES = ['estimated', 'modelled', 'measured'];
const QUALITIES = ['fallback', 'estimated', 'preliminary', 'final'];

/**
 * Adds energy to the lines of the transaction's organisation, prices them by the newest signal rows of their interval, and brings
 * the totals of segments and workloads up to the sum of their lines. In order of key, so two transactions cannot wait crosswise.
 */
export async function bookEnergy(em: SqlEntityManager, orgId: string, energies: readonly LineEnergy[]): Promise<void> {
  const lines = merged(energies);
  const column = <T>(value: (line: LineEnergy) => T) => lines.map(value);
  await rows(em, sql`
    insert into energy_lines as l (org_id, workload_id, segment, interval_start, length_s, node_id, zone, energy_mj, pue_e4, grade)
    select ${orgId}, * from unnest(${column(({ workloadId }) => workloadId)}::uuid[], ${column(({ segment }) => segment)}::int[],
      ${column(({ intervalStart }) => new Date(intervalStart).toISOString())}::timestamptz[], ${column(({ lengthS }) => lengthS)}::int[], ${column(({ nodeId }) => nodeId)}::uuid[],
      ${column(({ zone }) => zone)}::text[], ${column(({ energyMj }) => energyMj.toString())}::numeric[], ${column(({ pueE4: pue }) => pue)}::int[], ${column(({ grade }) => grade)}::text[])
    on conflict (org_id, workload_id, segment, interval_start) do update set
      energy_mj = l.energy_mj + excluded.energy_mj,
      grade = (${GRADES}::text[])[least(array_position(${GRADES}::text[], l.grade), array_position(${GRADES}::text[], excluded.grade))]`);
  const workloads = [...new Set(lines.map(({ workloadId }) => workloadId))].sort();
  await priceLines(em, workloads, Math.min(...lines.map(({ intervalStart }) => intervalStart)));
  await sumUp(em, workloads);
}

const worst = (a: LineEnergy['grade'], b: LineEnergy['grade']) => (GRADES.indexOf(a) < GRADES.indexOf(b) ? a : b);
const keyOf = ({ workloadId, segment, intervalStart }: LineEnergy): string => `${workloadId} ${String(segment).padStart(6, '0')} ${intervalStart}`;

/** One line a key: a statement must not touch the same row twice. */
function merged(energies: readonly LineEnergy[]): LineEnergy[] {
  const lines = new Map<string, LineEnergy>();
  for (const line of energies) {
    const key = keyOf(line);
    const held = lines.get(key);
    lines.set(key, held ? { ...held, energyMj: held.energyMj + line.energyMj, grade: worst(held.grade, line.grade) } : line);
  }
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

interface PricedRow {
  readonly workload_id: string;
  readonly segment: number;
  readonly interval_start: string;
  readonly energy_mj: string;
  readonly pue_e4: number;
  readonly adder: string;
  readonly intensity: string | null;
  readonly intensity_sha256: string | null;
  readonly quality: string | null;
  readonly price: string | null;
  readonly price_sha256: string | null;
}

/**
 * W-2, M-43, M-44: grams and money of each line from the newest rows of exactly its zone and interval, each rounded once. A line
 * without a row stays unknown, never 0, and is priced again with the next call.
 * @param from lines of intervals from then on, and every line that is still unknown; 0 for all (settlement)
 */
export async function priceLines(em: SqlEntityManager, workloadIds: readonly string[], from: number): Promise<void> {
  const newest = (kind: 'intensity' | 'price') => sql`
    left join lateral (
      select g.value, g.sha256, g.quality from grid_signals g
       where g.zone = l.zone and g.kind = ${kind} and g.interval_start = l.interval_start and (g.basis is null or g.basis = 'average_lifecycle')
       order by g.issued_at desc limit 1) ${sql.ref(kind)} on true`;
  const found = await rows(em, sql<PricedRow>`
    select l.workload_id, l.segment, l.interval_start, l.energy_mj, l.pue_e4, s.energy_adder_micro_usd_per_mwh as adder,
           intensity.value as intensity, intensity.sha256 as intensity_sha256, intensity.quality, price.value as price, price.sha256 as price_sha256
      from energy_lines l join segments s using (org_id, workload_id, segment) ${newest('intensity')} ${newest('price')}
     where l.workload_id = any(${[...workloadIds]}::uuid[])
       and (l.interval_start >= ${new Date(from).toISOString()} or l.operational_ng is null or l.energy_micro_usd is null) and (intensity.value is not null or price.value is not null)`);
  if (found.length === 0) return;
  const lines = found.map(priced);
  const column = <T>(value: (line: ReturnType<typeof priced>) => T) => lines.map(value);
  await rows(em, sql`
    update energy_lines l set intensity_mg_per_kwh = t.intensity, price_micro_usd_per_mwh = t.price, operational_ng = t.ng, energy_micro_usd = t.usd, quality = t.quality, signal_refs = string_to_array(t.refs, ',')
      from unnest(${column(({ row }) => row.workload_id)}::uuid[], ${column(({ row }) => row.segment)}::int[], ${column(({ row }) => row.interval_start)}::timestamptz[],
        ${column(({ row }) => row.intensity)}::bigint[], ${column(({ price }) => price)}::bigint[], ${column(({ ng }) => ng)}::numeric[], ${column(({ usd }) => usd)}::numeric[],
        ${column(({ row }) => row.quality)}::text[], ${column(({ refs }) => refs)}::text[]) as t (workload_id, segment, interval_start, intensity, price, ng, usd, quality, refs)
     where l.workload_id = t.workload_id and l.segment = t.segment and l.interval_start = t.interval_start`);
}

function priced(row: PricedRow) {
  const [energy, pue] = [milliJoules(BigInt(row.energy_mj)), pueE4(BigInt(row.pue_e4))];
  const price = row.price === null ? null : BigInt(row.price) + BigInt(row.adder);
  return {
    row,
    price: price?.toString() ?? null,
    ng: row.intensity === null ? null : operationalGrams(energy, pue, mgPerKwh(BigInt(row.intensity))).toString(),
    usd: price === null ? null : energyCost(energy, pue, microUsdPerMwh(price)).toString(),
    refs: [row.intensity_sha256, row.price_sha256].filter((sha256) => sha256 !== null).join(),
  };
}

/** Totals are sums of lines, always: nothing is kept up beside them. Facility energy is rounded per line, half to even. */
export async function sumUp(em: SqlEntityManager, workloadIds: readonly string[]): Promise<void> {
  const ids = [...workloadIds];
  await rows(em, sql`
    update segments s set energy_mj = t.energy_mj
      from (select workload_id, segment, sum(energy_mj) as energy_mj from energy_lines where workload_id = any(${ids}::uuid[]) group by workload_id, segment) t
     where s.workload_id = t.workload_id and s.segment = t.segment and s.energy_mj <> t.energy_mj`);
  await rows(em, sql`
    with lines as (
      select workload_id, energy_mj, coalesce(operational_ng, 0) as ng, coalesce(energy_micro_usd, 0) as usd, energy_mj * pue_e4 as n,
             array_position(${GRADES}::text[], grade) as grade, array_position(${QUALITIES}::text[], quality) as quality
        from energy_lines where workload_id = any(${ids}::uuid[])),
    sums as (
      select workload_id, sum(energy_mj) as energy_mj, sum(ng) as ng, sum(usd) as usd, min(grade) as grade, min(quality) as quality,
             sum(div(n, 10000) + case when mod(n, 10000) > 5000 or (mod(n, 10000) = 5000 and mod(div(n, 10000), 2) = 1) then 1 else 0 end) as facility_mj
        from lines group by workload_id)
    update workloads w set energy_mj = s.energy_mj, facility_mj = s.facility_mj, operational_ng = s.ng, energy_micro_usd = s.usd,
           grade = (${GRADES}::text[])[s.grade], signal_quality = (${QUALITIES}::text[])[s.quality], updated_at = clock_timestamp()
      from sums s where w.id = s.workload_id`);
}
