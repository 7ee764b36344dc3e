/** W-138: one decision over 1,000 nodes, and one plan over 11 zones × 72 h × 5 moves. */
import { pathToFileURL } from 'node:url';
import { GPUS, hostClass, samplePowerModel } from '#domain/fleet/gpus';
import { mgPerKwh, microUsd, microUsdPerMwh, pueE4 } from '#domain/quantities/quantities';
import { fleetTable, type FleetTable } from '#domain/routing/fleet-table';
import { zoneHours } from '#domain/routing/hours';
import { objectiveOf, planSites, SAMPLE_TARIFF, type Site, siteOf } from '#domain/routing/objective';
import { pick } from '#domain/routing/pick';
import { place } from '#domain/routing/place';
import { namedPolicy } from '#domain/routing/policy';
import type { PlaceInput } from '#domain/routing/contract';
import type { NodeOffer, WorkAsk, ZoneView } from '#domain/routing/types';
import type { Region } from '#domain/routing/words';
import { type Bench, median, type Row } from './bench.ts';

const DECISION_US = 10;
const PLAN_US = 300;
const NODES = 1_000;
const HOURS = 72;

const ZONES: readonly (readonly [string, Region])[] = [
  ['FR', 'EU'], ['DE', 'EU'], ['ES', 'EU'], ['PT', 'EU'], ['NL', 'EU'], ['BE', 'EU'], ['IT', 'EU'], ['GB', 'UK'], ['US-CAL-CISO', 'US'], ['US-NY-NYIS', 'US'], ['US-TEX-ERCO', 'US'],
];
const MODELS = Object.keys(GPUS);
const wave = (i: number, h: number, mean: number): number => Math.round(mean * (1 + 0.4 * Math.sin((h + 3 * i) / 4)) + ((i * 7_919 + h * 104_729) % 1_000));

const zones = (): ZoneView[] => ZONES.map(([zone, region], i) => ({
  zone, region, shed: i === 6, forecast: {
    intensityMgPerKwh: Array.from({ length: HOURS }, (_, h) => wave(i, h + 1, 60_000 + 30_000 * i)), priceMicroUsdPerMwh: Array.from({ length: HOURS }, (_, h) => wave(i, h + 1, 40e6 + 5e6 * i)),
    origin: { intensity: 'source', price: 'source' },
  },
  signal: { intensityMgPerKwh: mgPerKwh(BigInt(wave(i, 0, 60_000 + 30_000 * i))), priceMicroUsdPerMwh: microUsdPerMwh(BigInt(wave(i, 0, 40e6 + 5e6 * i))), refs: ['a'.repeat(64), 'b'.repeat(64)], quality: 'final', fresh: true },
}));

/** All seven models in all eleven zones, at 1,000 different loads, prices and trusts; some full, some silent, some degraded. */
function fleet(): NodeOffer[] {
  return Array.from({ length: NODES }, (_, i) => {
    const gpuModel = MODELS[(i * 5) % MODELS.length]!;
    const gamer = gpuModel.startsWith('rtx');
    const gpus = gamer ? 1 : i % 2 === 0 ? 8 : 4;
    const ownerKind = gamer ? 'owner_gamer' : 'owner_datacenter';
    return {
      id: `id-${i}`, slug: `node-${(i * 379) % NODES}`, zone: ZONES[(i * 3) % ZONES.length]![0], ownerKind, gpuModel, gpuMemoryGb: GPUS[gpuModel]!.memoryGb, gpus, gpusReserved: (i * 31) % (gpus + 1),
      state: i % 40 === 0 ? 'silent' : i % 33 === 0 ? 'degraded' : 'online', trust: 700 + ((i * 17) % 300), pueE4: pueE4(BigInt(11_000 + (i % 20) * 100)),
      priceMicroUsdPerGpuHour: microUsd(BigInt(1_000_000 + i * 997)), energyAdderMicroUsdPerMwh: microUsdPerMwh(0n), power: samplePowerModel(gpuModel, hostClass(ownerKind, gpus))!,
      speedE3: GPUS[gpuModel]!.speedE3, hardware: 'simulated',
    };
  });
}

const asks = (): WorkAsk[] => [['EU', 1, 24], ['any', 1, 16], ['any', 4, 80], ['US', 2, 40]].map(([residency, gpuCount, gpuMemoryGb], i) => ({
  workloadId: `w-${i}`, orgId: 'o-1', homeZone: 'DE', kind: 'training', gpuCount: gpuCount as number, gpuMemoryGb: gpuMemoryGb as number, remainingUnits: HOURS * 3_600,
  checkpoint: { supported: true, sizeGb: 20, intervalS: 300 }, restores: false, schedule: { flexible: false, deadlineMs: time.nowMs + 30 * 86_400_000 }, constraints: { residency: residency as 'any' },
  policy: namedPolicy('balanced'), movesUsed: 0, shedBehaviour: 'move_or_pause', current: null,
}));

const time = { nowMs: Date.UTC(2026, 0, 15), nodeSecondsPerSecond: 1, intervalMs: 300_000 };

interface Timing {
  /** CPU time of this thread: on a quiet machine the wall's, on a busy one what the call itself took. */
  readonly us: number;
  readonly wallUs: number;
  readonly rounds: readonly number[];
}

/** µs a call: the median over rounds of as many calls as fill the seconds, asks in turn so that none is remembered. */
function timed(rounds: number, seconds: number, call: (i: number) => unknown): Timing {
  let kept: unknown;
  const fill = (ms: number): { cpu: number; wall: number } => {
    const begin = performance.now();
    const cpu = process.threadCpuUsage();
    let calls = 0;
    while (performance.now() - begin < ms) { for (let i = 0; i < 16; i += 1) kept = call(calls + i); calls += 16; }
    const spent = process.threadCpuUsage(cpu);
    return { cpu: (spent.user + spent.system) / calls, wall: ((performance.now() - begin) * 1_000) / calls };
  };
  fill(1_000);
  const all = Array.from({ length: rounds }, () => fill((seconds * 1_000) / rounds));
  if (kept === undefined) throw new Error('nothing was decided');
  return { us: median(all.map(({ cpu }) => cpu)), wallUs: median(all.map(({ wall }) => wall)), rounds: all.map(({ cpu }) => cpu) };
}

const row = (name: string, { us, wallUs, rounds }: Timing, bar: number | null, detail: string): Row => ({
  name, figure: us, unit: 'µs', bar: bar === null ? '' : `< ${bar} µs`, verdict: bar === null ? 'shown' : us < bar ? 'pass' : 'fail',
  detail: `${detail}; CPU time, rounds ${Math.min(...rounds).toFixed(1)}–${Math.max(...rounds).toFixed(1)}, by the wall ${wallUs.toFixed(1)}`,
});

function decisions(table: FleetTable): (i: number) => unknown {
  const all = asks();
  return (i) => {
    const { winner, runnerUp, screened } = pick(table, all[i % all.length]!, time);
    if (winner < 0 || runnerUp < 0 || Object.keys(screened.excluded).length === 0) throw new Error('a decision without winner, runner-up or exclusions');
    return winner;
  };
}

function plans(): (i: number) => unknown {
  const [, , ask] = asks() as [WorkAsk, WorkAsk, WorkAsk];
  const work = { ...ask, remainingUnits: HOURS * 3_600 * ask.gpuCount };
  const node = fleet()[0]!;
  const like: NodeOffer = { ...node, gpuModel: 'h100-sxm-80', gpus: 8, gpusReserved: 0, speedE3: 1_000, power: samplePowerModel('h100-sxm-80', 'host-8')! };
  const sites: Site[] = zones().map((view) => siteOf({ ...like, zone: view.zone }, zoneHours(view)!, work));
  const settings = { objective: objectiveOf(work.policy.weights), ask: work, moves: 5, tariff: SAMPLE_TARIFF, start: 0 };
  return (i) => {
    const { plan, problem } = planSites(sites, settings);
    if (problem.chunks !== HOURS) throw new Error(`${problem.chunks} chunks`);
    return plan.path(i % sites.length);
  };
}

export const bench: Bench = {
  name: 'routing', bar: '< 10 µs',
  run({ rounds, seconds }): Promise<Row[]> {
    const views = zones();
    const nodes = fleet();
    const table = fleetTable(nodes, views);
    const whole: PlaceInput = { id: 'd', codeVersion: 'bench', trigger: 'created', time, nodes, zones: views, ask: asks()[1]!, mayWait: false, waiting: false };
    return Promise.resolve([
      row(`one decision over ${NODES} nodes`, timed(rounds, seconds, decisions(table)), DECISION_US, `constraints, scores, winner, runner-up, exclusion counts; ${table.classes.length} classes of nodes`),
      row(`one plan, ${ZONES.length} zones × ${HOURS} h × 5 moves`, timed(rounds, seconds, plans()), PLAN_US, 'costs of all hours and the way through them'),
      row(`a whole placement over ${NODES} nodes`, timed(rounds, Math.min(seconds, 2), () => place(whole)), null, 'table, decision, plan, estimates and the document of W-76'),
    ]);
  },
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await bench.run({ rounds: 5, seconds: 5, args: process.argv.slice(2) }));
