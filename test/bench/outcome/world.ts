import { samplePowerModel } from '#domain/fleet/gpus';
import { mgPerKwh, microUsd, microUsdPerMwh, pueE4 } from '#domain/quantities/quantities';
import { workPowerMw } from '#domain/routing/estimate';
import { forecastHours } from '#domain/routing/forecast';
import type { MoveTariff, NodeOffer, WorkAsk, ZoneForecast, ZoneView } from '#domain/routing/types';
import type { Region } from '#domain/routing/words';
import type { PolicyInForce } from '#domain/routing/policy';
import type { Grid, ZoneSeries } from './grid.ts';

const HOUR_MS = 3_600_000;
export const HORIZON_H = 168;
const SIZE_GB = 20;

/** One like node in every zone, so that only the grid differs: what W-72 measures. */
export const nodeIn = (zone: string, over: Partial<NodeOffer> = {}): NodeOffer => ({
  id: `node-${zone}`, slug: `node-${zone.toLowerCase()}`, zone, ownerKind: 'owner_datacenter', gpuModel: 'h100-sxm-80', gpuMemoryGb: 80, gpus: 8, gpusReserved: 0,
  state: 'online', trust: 900, pueE4: pueE4(10_000n), priceMicroUsdPerGpuHour: microUsd(2_400_000n), energyAdderMicroUsdPerMwh: microUsdPerMwh(0n),
  power: samplePowerModel('h100-sxm-80', 'host-8')!, speedE3: 1_000, hardware: 'simulated', ...over,
});

export const askFor = (hours: number, home: string, policy: PolicyInForce, over: Partial<WorkAsk> = {}): WorkAsk => ({
  workloadId: 'bench', orgId: 'bench', homeZone: home, kind: 'training', gpuCount: 8, gpuMemoryGb: 80, remainingUnits: Math.round(hours * 3_600 * 8),
  checkpoint: { supported: true, sizeGb: SIZE_GB, intervalS: 300 }, restores: false, schedule: { flexible: false }, constraints: { residency: 'any' },
  policy, movesUsed: 0, shedBehaviour: 'move_or_pause', current: null, ...over,
});

/** Facility kW of the work at a node. */
export const workKw = (ask: WorkAsk): number => Number(workPowerMw(nodeIn('X'), ask)) / 1e6;

/** W-72: a move costs 15 min of the work's energy, no egress. The wire takes what checkpoint and restore leave of it. */
export function fifteenMinutes(ask: WorkAsk): MoveTariff {
  const flatOutKwh = (2 * (Number(workPowerMw(nodeIn('X'), ask, 1_000)) / 1e6) * (20 + SIZE_GB / 2)) / 3_600;
  return { transferWhPerGb: ((workKw(ask) * 0.25 - flatOutKwh) * 1_000) / SIZE_GB, egressMicroUsdPerGb: () => 0 };
}

/** What a router may know at an hour: the hour's rows, the week before, and day-ahead prices to the end of the UTC day. */
export class Eyes {
  private readonly grid: Grid;
  private readonly ahead: number;
  private readonly seen = new Map<number, ZoneView[]>();

  constructor(grid: Grid, ahead = HORIZON_H) {
    this.grid = grid;
    this.ahead = ahead;
  }

  at(hour: number): ZoneView[] {
    const known = this.seen.get(hour);
    if (known) return known;
    const views = this.grid.zones.map((series) => this.view(series, hour));
    this.seen.set(hour, views);
    return views;
  }

  private view(series: ZoneSeries, hour: number): ZoneView {
    const [intensity, price] = [series.intensityMgPerKwh[hour]!, series.priceMicroUsdPerMwh[hour]!];
    // The region decides egress and residency; neither is asked here.
    const region: Region = 'EU';
    if (Number.isNaN(intensity) || Number.isNaN(price)) return { zone: series.zone, region, signal: null, forecast: null, shed: false };
    return {
      zone: series.zone, region, shed: false, forecast: this.forecast(series, hour),
      signal: { intensityMgPerKwh: mgPerKwh(BigInt(intensity)), priceMicroUsdPerMwh: microUsdPerMwh(BigInt(price)), refs: [], quality: 'final', fresh: true },
    };
  }

  private forecast({ intensityMgPerKwh, priceMicroUsdPerMwh }: ZoneSeries, hour: number): ZoneForecast | null {
    const past = (series: Float64Array) => Array.from(series.subarray(Math.max(0, hour - HORIZON_H), hour), orNull);
    const untilMidnight = 23 - new Date(this.grid.startMs + hour * HOUR_MS).getUTCHours();
    const issued = Array.from(priceMicroUsdPerMwh.subarray(hour + 1, hour + 1 + untilMidnight), orNull);
    const intensity = forecastHours({ now: intensityMgPerKwh[hour]!, past: past(intensityMgPerKwh), hours: this.ahead });
    const price = forecastHours({ now: priceMicroUsdPerMwh[hour]!, past: past(priceMicroUsdPerMwh), own: issued, hours: this.ahead });
    if (!intensity || !price) return null;
    return { intensityMgPerKwh: intensity.values, priceMicroUsdPerMwh: price.values, origin: { intensity: intensity.origin, price: price.origin } };
  }
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
