import { sql } from 'kysely';
import { showSignal } from '#domain/grid/signal';
import { rows, type SqlEntityManager } from '#platform/db/in-org';
import { toIso } from './time.ts';
import type { CurrentSignal } from './to-api.ts';

interface SignalRow {
  readonly zone: string;
  readonly kind: 'intensity' | 'price';
  readonly value: string;
  readonly quality: string;
  readonly source: string;
  readonly source_time: string;
}

/** The newest row of intensity and of price of each zone; one index look-up each. */
export async function currentSignals(em: SqlEntityManager, zones: readonly (string | null)[]): Promise<ReadonlyMap<string, CurrentSignal>> {
  const wanted = [...new Set(zones.filter((zone) => zone !== null))];
  if (wanted.length === 0) return new Map();
  const found = await rows(em, sql<SignalRow>`
    select s.zone, s.kind, s.value, s.quality, s.source, s.source_time
      from unnest(${wanted}::text[]) as z (key) cross join unnest(array['intensity', 'price']) as k (kind)
     cross join lateral (
       select * from grid_signals g
        where g.zone = z.key and g.kind = k.kind and (g.basis is null or g.basis = 'average_lifecycle') and g.interval_start <= clock_timestamp()
        order by g.interval_start desc, g.issued_at desc limit 1) s`);
  return new Map(wanted.flatMap((zone) => {
    const ofZone = found.filter((row) => row.zone === zone);
    const newest = ofZone[0];
    return newest ? [[zone, toCurrentSignal(newest, ofZone)]] : [];
  }));
}

function toCurrentSignal({ zone, source, source_time }: SignalRow, ofZone: readonly SignalRow[]): CurrentSignal {
  const shown = <Unit extends string>(kind: SignalRow['kind'], unit: Unit) => {
    const row = ofZone.find((one) => one.kind === kind);
    return row ? { value: showSignal(kind, BigInt(row.value)), unit, quality: row.quality } : null;
  };
  return { zone, intensity: shown('intensity', 'gCO2e/kWh'), price: shown('price', 'USD/MWh'), source, source_time: toIso(source_time) };
}
