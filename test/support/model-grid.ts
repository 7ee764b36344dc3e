import { GRID_ZONES } from '#domain/grid/zones';
import { makeSources, type GridSources } from '#platform/grid/make-sources';

/** No zone has an event in this hour of the model, nor in the eight after it. */
const CALM_HOUR = Date.parse('2026-11-21T15:00:00Z');

/** The model of `npm start`, from one and the same hour on: its weather at the time of a test must not decide the test. */
export const modelGrid = async (intervalS: number): Promise<GridSources> =>
  fromCalmHour(await makeSources({ names: new Set(['simulated']), zones: new Set(GRID_ZONES.map(({ zone }) => zone)), intervalS, stepS: 3_600, seed: 1 }));

export const fromCalmHour = (sources: GridSources): GridSources =>
  ({ ...sources, pace: { ...sources.pace, replay: { start: CALM_HOUR, lastHour: Number.MAX_SAFE_INTEGER, loop: false } } });
