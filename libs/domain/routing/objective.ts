import { transferMs, workPowerMw } from './estimate.ts';
import { integral, valueAt, type ZoneHours } from './hours.ts';
import { type Plan, planMoves, type PlanProblem } from './plan.ts';
import type { Weights } from './policy.ts';
import type { MoveTariff, NodeOffer, WorkAsk } from './types.ts';
import type { Region } from './words.ts';

/** W-70's samples: 0.0065 kWh/GB; nothing inside a region's zone group, 0.02 EU–UK and US–US, 0.05 across the Atlantic. */
export const SAMPLE_TARIFF: MoveTariff = { transferWhPerGb: 6.5, egressMicroUsdPerGb: sampleEgress };

function sampleEgress(from: Region, fromZone: string, to: Region, toZone: string): number {
  if (fromZone === toZone) return 0;
  if (from === to) return from === 'US' ? 20_000 : 0;
  return from === 'US' || to === 'US' ? 50_000 : 20_000;
}

/**
 * What a policy minimises (W-60), in floating units: µUSD with carbon at its implied price, or ng where money has no weight.
 * Plans compare; what is shown, stored and gained is recomputed in integers by `estimate.ts` and `gain.ts`.
 */
export interface Objective {
  readonly unit: 'micro_usd' | 'ng';
  /** Per kWh and mg/kWh, and per kWh and µUSD/MWh. */
  readonly carbon: number;
  readonly price: number;
}

export const objectiveOf = ({ carbon, price }: Weights): Objective =>
  price === 0 ? { unit: 'ng', carbon: 1_000_000, price: 0 } : { unit: 'micro_usd', carbon: (200 * carbon) / price / 1_000, price: 0.001 };

/** A node as the plan sees it. */
export interface Site {
  readonly node: NodeOffer;
  readonly hours: ZoneHours;
  /** Facility kW at work and flat out. */
  readonly kw: number;
  readonly fullKw: number;
  /** Hours of all remaining work here. */
  readonly runHours: number;
}

export function siteOf(node: NodeOffer, hours: ZoneHours, ask: WorkAsk): Site {
  const facilityKw = (mw: bigint) => (Number(mw) * Number(node.pueE4)) / 1e10;
  return {
    node, hours,
    kw: facilityKw(workPowerMw(node, ask)), fullKw: facilityKw(workPowerMw(node, ask, 1_000)),
    runHours: (ask.remainingUnits * 1_000) / (node.speedE3 * ask.gpuCount) / 3_600,
  };
}

/** Objective of 1 kW at the site from hour `from` to `to`. */
function perKw({ hours, node }: Site, o: Objective, from: number, to: number): number {
  const price = o.price === 0 ? 0 : integral(hours.price, to) - integral(hours.price, from) + Number(node.energyAdderMicroUsdPerMwh) * (to - from);
  return o.carbon * (integral(hours.intensity, to) - integral(hours.intensity, from)) + o.price * price;
}

/** All remaining work here from hour `start` on. */
export const stayObjective = (site: Site, o: Objective, start = 0): number => site.kw * perKw(site, o, start, start + site.runHours);

export interface SitePlan {
  readonly plan: Plan;
  readonly problem: PlanProblem;
  readonly sites: readonly Site[];
  readonly chunkHours: number;
}

export interface PlanSettings {
  readonly objective: Objective;
  readonly ask: WorkAsk;
  readonly moves: number;
  readonly tariff: MoveTariff;
  /** Hours from now to the start. */
  readonly start: number;
}

/** Chunks of at most an hour of the fastest site, up to a week of them (W-71). */
export function planSites(sites: readonly Site[], settings: PlanSettings): SitePlan {
  const { objective: o, ask, moves, tariff, start } = settings;
  const fastest = sites.reduce((least, { runHours }) => Math.min(least, runHours), Infinity);
  const chunks = Math.min(168, Math.max(1, Math.ceil(fastest - 1e-9)));
  const n = sites.length;
  const [cost, leave, arrive] = [new Float64Array(chunks * n), new Float64Array(chunks * n), new Float64Array(chunks * n)];
  sites.forEach((site, s) => {
    const hours = site.runHours / chunks;
    const move = movesOf(site, settings);
    let done = perKw(site, o, 0, start);
    for (let k = 0; k < chunks; k += 1) {
      const next = perKw(site, o, 0, start + (k + 1) * hours);
      cost[k * n + s] = site.kw * (next - done);
      leave[k * n + s] = move.leave(start + k * hours);
      arrive[k * n + s] = move.arrive(start + k * hours);
      done = next;
    }
  });
  const between = new Float64Array(n * n);
  if (o.price > 0) sites.forEach((from, s) => sites.forEach((to, t) => { between[s * n + t] = egress(from, to, ask, tariff); }));
  const problem: PlanProblem = { sites: n, chunks, moves, cost, leave, arrive, between };
  return { plan: planMoves(problem), problem, sites, chunkHours: fastest / chunks };
}

/** What leaving a site and arriving there costs at an hour: the parts of `moveCost`, over the same minutes, in floating units. */
function movesOf(site: Site, { objective: o, ask, tariff }: PlanSettings): { leave: (hour: number) => number; arrive: (hour: number) => number } {
  const transferHours = Number(transferMs(ask.checkpoint.sizeGb)) / 3_600_000;
  const wireKwh = (tariff.transferWhPerGb * ask.checkpoint.sizeGb) / 2_000;
  const againHours = ((ask.current?.unitsSinceCheckpoint ?? 0) * 1_000) / (site.node.speedE3 * ask.gpuCount) / 3_600;
  // Flat out while the checkpoint is written or read, and half of the wire, which has neither PUE nor adder.
  const leave = (hour: number) => site.fullKw * perKw(site, o, hour, hour + transferHours) + wireKwh * (o.carbon * valueAt(site.hours.intensity, hour) + o.price * valueAt(site.hours.price, hour));
  // The restore, and what was done since the last checkpoint again.
  const arrive = (hour: number) => leave(hour) + (againHours === 0 ? 0 : site.kw * perKw(site, o, hour, hour + againHours));
  return { leave, arrive };
}

/** The objective of a move now (W-70). */
export const moveObjective = (from: Site, to: Site, settings: PlanSettings): number =>
  movesOf(from, settings).leave(0) + movesOf(to, settings).arrive(0) + (settings.objective.price > 0 ? egress(from, to, settings.ask, settings.tariff) : 0);

/** µUSD for the checkpoint's way. */
export const egress = (from: Site, to: Site, { checkpoint }: WorkAsk, tariff: MoveTariff): number =>
  tariff.egressMicroUsdPerGb(from.hours.view.region, from.node.zone, to.hours.view.region, to.node.zone) * checkpoint.sizeGb;

/** The site with the least objective for staying in each zone, ties by `before`: the plan's "best candidate node each". */
export function bestOfZones(sites: readonly Site[], o: Objective, before: (a: NodeOffer, b: NodeOffer) => number): Site[] {
  const best = new Map<string, { site: Site; value: number }>();
  for (const site of sites) {
    const value = stayObjective(site, o);
    const held = best.get(site.node.zone);
    if (!held || value < held.value || (value === held.value && before(site.node, held.site.node) < 0)) best.set(site.node.zone, { site, value });
  }
  return [...best.values()].map(({ site }) => site).sort((a, b) => (a.node.zone < b.node.zone ? -1 : 1));
}

/** The expected objective of starting on `site` (W-66): staying, or leaving its zone at the best chunk by the plan. */
export function expectedFrom(site: Site, { plan, problem, sites }: SitePlan, o: Objective, start = 0): number {
  const zone = sites.findIndex(({ node }) => node.zone === site.node.zone);
  const stay = stayObjective(site, o, start);
  if (zone < 0 || problem.moves === 0) return stay;
  let best = stay;
  const hours = site.runHours / problem.chunks;
  for (let k = 1; k < problem.chunks; k += 1) {
    const value = site.kw * perKw(site, o, start, start + k * hours) + plan.leaving[k * problem.sites + zone]!;
    if (value < best) best = value;
  }
  return best;
}

