import { FACTORS_2026_1 } from '#domain/grid/factors';
import { simulatedForecast } from '#domain/grid/forecast';
import { HOUR_MS, simulatedValues } from '#domain/grid/simulate';
import { simulatedZone } from '#domain/grid/simulated-zones';
import { Refusal, type GridSource, type SourceRequest } from './source.ts';

/** W-52: an hour is known exactly when it is a day old. */
const FINAL_AFTER_MS = 24 * HOUR_MS;
const unmodelled = (zone: string) => new Refusal('no_data', `the simulated grid has no model of ${zone}`);

/** The local default: names itself in every row. */
export function createSimulatedSource(seed: number): GridSource {
  const sourceRef = `seed ${seed}, ${FACTORS_2026_1.version}`;
  return {
    name: 'simulated',
    async fetch({ zone, kinds, interval, present }: SourceRequest) {
      const model = simulatedZone(zone);
      if (!model) return unmodelled(zone);
      const quality = present - interval.sourceTime >= FINAL_AFTER_MS ? 'final' : 'preliminary';
      return simulatedValues(seed, model, interval.sourceTime, quality)
        .filter(({ kind }) => kinds.has(kind))
        .map((value) => ({ ...value, zone, intervalStart: interval.start, lengthS: interval.lengthS, sourceTime: interval.sourceTime, sourceRef, quality }));
    },
    async forecast(zone, sourceTime) {
      const model = simulatedZone(zone);
      return model ? simulatedForecast(seed, model, sourceTime) : unmodelled(zone);
    },
  };
}
