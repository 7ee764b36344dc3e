import { GPUS, hostClass, samplePowerModel } from '#domain/fleet/gpus';
import { mgPerKwh, microUsd, microUsdPerMwh, pueE4 } from '#domain/quantities/quantities';
import { namedPolicy } from '#domain/routing/policy';
import type { PlaceInput, RoutingInput } from '#domain/routing/contract';
import type { NodeOffer, WorkAsk, ZoneForecast, ZoneView } from '#domain/routing/types';
import type { Region } from '#domain/routing/words';

/** W-7's fleet and quiet zones, as routing is handed them; tests change what they are about. */
const FLEET: readonly (readonly [string, string, number, string, number, number])[] = [
  ['fr-paris-1', 'FR', 8, 'h100-sxm-80', 2_400_000, 11_500], ['de-frankfurt-1', 'DE', 8, 'h100-sxm-80', 2_600_000, 12_000],
  ['es-madrid-1', 'ES', 8, 'a100-sxm-80', 1_450_000, 12_200], ['pt-sines-1', 'PT', 8, 'h100-sxm-80', 2_350_000, 11_200],
  ['nl-amsterdam-1', 'NL', 8, 'l40s-48', 1_050_000, 11_700], ['be-brussels-1', 'BE', 4, 'a100-sxm-80', 1_500_000, 11_800],
  ['it-milan-1', 'IT', 4, 'l40s-48', 1_000_000, 12_500], ['gb-london-1', 'GB', 8, 'h200-sxm-141', 3_400_000, 11_800],
  ['us-ca-1', 'US-CAL-CISO', 8, 'h100-sxm-80', 2_500_000, 11_400], ['us-tx-1', 'US-TEX-ERCO', 8, 'h200-sxm-141', 2_950_000, 11_600],
  ['gamer-ny-1', 'US-NY-NYIS', 1, 'rtx4090-24', 400_000, 10_000], ['gamer-fr-1', 'FR', 1, 'rtx4080-16', 280_000, 10_000],
  ['gamer-de-1', 'DE', 1, 'rtx3090-24', 200_000, 10_000], ['gamer-es-1', 'ES', 1, 'rtx4090-24', 380_000, 10_000],
];

export const NOW = Date.UTC(2026, 0, 15, 12);

export function sampleNode(slug: string, over: Partial<NodeOffer> = {}): NodeOffer {
  const [, zone, gpus, gpuModel, price, pue] = FLEET.find(([name]) => name === slug) ?? [slug, 'FR', 8, 'h100-sxm-80', 2_000_000, 11_000];
  const ownerKind = slug.startsWith('gamer') ? 'owner_gamer' : 'owner_datacenter';
  return {
    id: `id-${slug}`, slug, zone, ownerKind, gpuModel, gpuMemoryGb: GPUS[gpuModel]!.memoryGb, gpus, gpusReserved: 0, state: 'online', trust: 900,
    pueE4: pueE4(BigInt(pue)), priceMicroUsdPerGpuHour: microUsd(BigInt(price)), energyAdderMicroUsdPerMwh: microUsdPerMwh(0n),
    power: samplePowerModel(gpuModel, hostClass(ownerKind, gpus))!, speedE3: GPUS[gpuModel]!.speedE3, hardware: 'simulated', ...over,
  };
}

export const sampleNodes = (): NodeOffer[] => FLEET.map(([slug]) => sampleNode(slug));

const ZONES: readonly (readonly [string, Region, number, number])[] = [
  ['FR', 'EU', 60, 70], ['DE', 'EU', 400, 90], ['ES', 'EU', 170, 60], ['PT', 'EU', 160, 65], ['NL', 'EU', 270, 85], ['BE', 'EU', 140, 75],
  ['IT', 'EU', 330, 110], ['GB', 'UK', 240, 90], ['US-CAL-CISO', 'US', 260, 43], ['US-NY-NYIS', 'US', 260, 40], ['US-TEX-ERCO', 'US', 360, 36],
];

/** g/kWh and USD/MWh; `hours` are the following ones, none without. */
export function sampleZone(zone: string, intensity: number, price: number, over: Partial<ZoneView> = {}): ZoneView {
  return {
    zone, region: ZONES.find(([key]) => key === zone)?.[1] ?? 'EU', shed: false, forecast: null,
    signal: {
      intensityMgPerKwh: mgPerKwh(BigInt(Math.round(intensity * 1_000))), priceMicroUsdPerMwh: microUsdPerMwh(BigInt(Math.round(price * 1_000_000))),
      refs: [zone.toLowerCase().padEnd(64, '0').replaceAll(/[^0-9a-f]/g, 'a'), 'b'.repeat(64)], quality: 'preliminary', fresh: true,
    },
    ...over,
  };
}

/** A forecast of the given g/kWh and USD/MWh; one number is every hour of three days. */
export function sampleForecast(intensity: number | readonly number[], price: number | readonly number[]): ZoneForecast {
  const hours = (values: number | readonly number[], scale: number) => (typeof values === 'number' ? Array.from({ length: 72 }, () => values) : values).map((value) => Math.round(value * scale));
  return { intensityMgPerKwh: hours(intensity, 1_000), priceMicroUsdPerMwh: hours(price, 1_000_000), origin: { intensity: 'source', price: 'source' } };
}

export const sampleZones = (flat = true): ZoneView[] =>
  ZONES.map(([zone, , intensity, price]) => sampleZone(zone, intensity, price, flat ? { forecast: sampleForecast(intensity, price) } : {}));

/** Ten H100-hours on one 80 GB GPU for an organisation of Germany that stays inside the EU. */
export const sampleAsk = (over: Partial<WorkAsk> = {}): WorkAsk => ({
  workloadId: 'w-1', orgId: 'o-1', homeZone: 'DE', kind: 'fine_tune', gpuCount: 1, gpuMemoryGb: 80, remainingUnits: 36_000,
  checkpoint: { supported: true, sizeGb: 1, intervalS: 300 }, restores: false, schedule: { flexible: false }, constraints: { residency: 'EU' },
  policy: namedPolicy('balanced'), movesUsed: 0, shedBehaviour: 'move_or_pause', current: null, ...over,
});

export const sampleInput = (): RoutingInput => ({
  id: 'd-1', codeVersion: 'test', trigger: 'created', time: { nowMs: NOW, nodeSecondsPerSecond: 60, intervalMs: 60_000 },
  nodes: sampleNodes(), zones: sampleZones(), ask: sampleAsk(),
});

export const samplePlace = (over: Partial<PlaceInput> = {}): PlaceInput => ({ ...sampleInput(), mayWait: true, waiting: false, ...over });
