import { sql } from 'kysely';
import type { ClockPosition } from '#domain/grid/clock';
import { confirmationsFor, detect, evidenceOf, type DetectorState, type GridChange } from '#domain/grid/events';
import type { DetectedKind, Reading } from '#domain/grid/event-rules';
import { isFresh } from '#domain/grid/freshness';
import { hourMean } from '#domain/grid/hour-mean';
import { renewablesKw } from '#domain/grid/renewables';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { closeEvent, closeOpen, confirmEvent, openEvent, openEventsOf, startDueCalls } from '#platform/grid/event-store';
import { newestOf, weekBefore } from '#platform/grid/signal-store';

export interface Detected {
  readonly opened: string[];
  readonly closed: string[];
}

/**
 * W-53 in the transaction that stored the interval: what its rows open and close. Calls
 * begin and end here too, at their own times.
 */
export async function runDetection(em: SqlEntityManager, zone: string, position: ClockPosition, now: number, stepS: number): Promise<Detected> {
  const told: Detected = { opened: [], closed: [] };
  told.opened.push(...(await startDueCalls(em, zone)));
  const calls = await openEventsOf(em, zone);
  for (const { id } of calls.filter(({ callOver }) => callOver)) if (await closeEvent(em, zone, id, 'call_ended')) told.closed.push(id);
  const open = calls.filter(({ callOver }) => !callOver);

  const { reading, hashes } = await read(em, zone, position, now);
  const { state, changes } = detect(await stateOf(em, zone), reading, {
    confirmations: confirmationsFor(stepS),
    shedOpen: open.some(({ kind }) => kind === 'shed'),
    called: new Set(open.filter(({ called }) => called).map(({ kind }) => kind)),
  });
  for (const change of changes) await apply(em, zone, change, (confirmed) => ({ ...evidenceOf(reading, change.clauses, hashes), ...(confirmed !== undefined && { confirmed }) }), told);
  await rows(em, sql`
    insert into grid_detectors (zone, kind, state) select ${zone}, key, value from jsonb_each(${JSON.stringify(state)}::jsonb)
    on conflict (zone, kind) do update set state = excluded.state where grid_detectors.state <> excluded.state`);
  return told;
}

async function apply(em: SqlEntityManager, zone: string, { kind, change, start }: GridChange, evidence: (confirmed?: boolean) => object, told: Detected): Promise<void> {
  if (change === 'closed' || change === 'faded') {
    const id = await closeOpen(em, zone, kind, change === 'closed' ? 'condition_over' : 'not_confirmed');
    if (id) told.closed.push(id);
    return;
  }
  // An event that had to be confirmed has its row already; one that counts at once does not.
  const known = change === 'opened' ? await confirmEvent(em, zone, kind, evidence(true)) : null;
  const event = known ? { id: known, opened: true } : await openEvent(em, { zone, kind, start, cause: 'detected', evidence: evidence(change === 'noticed' ? false : undefined) });
  if (change === 'opened' && event.opened) told.opened.push(event.id);
}

async function stateOf(em: SqlEntityManager, zone: string): Promise<DetectorState> {
  const stored = await rows(em, sql<{ kind: DetectedKind; state: NonNullable<DetectorState[DetectedKind]> }>`select kind, state from grid_detectors where zone = ${zone}`);
  return Object.fromEntries(stored.map(({ kind, state }) => [kind, state]));
}

/** What the interval says, and the sha256 of the rows that say it. */
async function read(em: SqlEntityManager, zone: string, { intervalStart, lengthS, sourceTime }: ClockPosition, now: number): Promise<{ reading: Reading; hashes: string[] }> {
  const newest = await newestOf(em, zone, intervalStart);
  const value = (kind: string, basis: string | null = null) => newest.find((row) => row.kind === kind && row.basis === basis && row.fuel === null);
  const [intensity, price, demand, curtailed] = [value('intensity', 'average_lifecycle'), value('price'), value('demand'), value('curtailed')];
  const meanOf = async (kind: 'intensity' | 'price', basis: 'average_lifecycle' | null) => hourMean(await weekBefore(em, zone, kind, basis, sourceTime), sourceTime);
  const [zoneRow] = await rows(em, sql<{ installed: string | null }>`select installed_wind_solar_kw as installed from zones where key = ${zone}`);
  const reading: Reading = {
    intervalStart, sourceTime,
    intensity: intensity?.value ?? null, price: price?.value ?? null, demand: demand?.value ?? null, curtailed: curtailed?.value ?? null,
    renewables: renewablesKw(newest), installed: BigInt(zoneRow?.installed ?? 0),
    meanIntensity: await meanOf('intensity', 'average_lifecycle'), meanPrice: await meanOf('price', null),
    fresh: intensity !== undefined && price !== undefined ? true : await freshAt(em, zone, now, lengthS),
  };
  return { reading, hashes: [intensity, price, demand, curtailed].flatMap((row) => row?.sha256 ?? []) };
}

/** W-41, over both kinds: the one whose newest row ended earlier decides. */
async function freshAt(em: SqlEntityManager, zone: string, now: number, lengthS: number): Promise<boolean> {
  const ended = (kind: string, basis: string | null) => sql`(select (extract(epoch from interval_start) * 1000)::bigint + length_s * 1000 from grid_signals
    where zone = ${zone} and kind = ${kind} and basis is not distinct from ${basis} order by interval_start desc limit 1)`;
  const [row] = await rows(em, sql<{ intensity: string | null; price: string | null }>`select ${ended('intensity', 'average_lifecycle')} as intensity, ${ended('price', null)} as price`);
  if (!row?.intensity || !row.price) return false;
  return isFresh(Math.min(Number(row.intensity), Number(row.price)), now, lengthS * 1_000);
}
