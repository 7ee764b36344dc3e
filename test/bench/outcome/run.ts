import { objectiveOf } from '#domain/routing/objective';
import { place } from '#domain/routing/place';
import { planMoves } from '#domain/routing/plan';
import type { PolicyInForce } from '#domain/routing/policy';
import { reconsider } from '#domain/routing/reconsider';
import type { RoutingInput } from '#domain/routing/contract';
import type { Grid } from './grid.ts';
import { askFor, type Eyes, fifteenMinutes, nodeIn, workKw } from './world.ts';

const HOUR_MS = 3_600_000;
/** Share of the work's hourly energy that one end of a move takes: half of 15 minutes. */
const END_OF_MOVE_H = 0.125;

/** What one job cost under one way of running it, from the rows that really came. */
export interface Bill {
  objective: number;
  grams: number;
  usd: number;
  moves: number;
}

export interface JobResult {
  readonly start: number;
  readonly routed: Bill;
  readonly clairvoyant: Bill;
  readonly placeOnce: Bill;
  readonly stay: Bill;
}

export interface Study {
  readonly grid: Grid;
  readonly eyes: Eyes;
  readonly policy: PolicyInForce;
  readonly hours: number;
}

/** Runs a job that starts at `start`, whose organisation is at home in zone number `home`; null where rows are missing. */
export function runJob(study: Study, start: number, home: number): JobResult | null {
  const { grid, policy, hours } = study;
  if (!complete(grid, start, hours)) return null;
  const path = routedPath(study, start, grid.zones[home]!.zone);
  const fixed = (zone: number) => Array.from({ length: hours }, () => zone);
  const bill = (zones: readonly number[]) => billOf(study, start, zones);
  return { start, routed: bill(path), placeOnce: bill(fixed(path[0]!)), stay: bill(fixed(home)), clairvoyant: bill(clairvoyantPath(grid, policy, start, hours)) };
}

const complete = ({ zones }: Grid, start: number, hours: number): boolean => {
  for (const { intensityMgPerKwh, priceMicroUsdPerMwh } of zones) {
    for (let h = start; h < start + hours; h += 1) if (Number.isNaN(intensityMgPerKwh[h]! + priceMicroUsdPerMwh[h]!)) return false;
  }
  return true;
};

/** The zone of each hour by the product's own decisions: placed at the start, considered again every hour. */
function routedPath({ grid, eyes, policy, hours }: Study, start: number, homeZone: string): number[] {
  const zones = grid.zones.map(({ zone }) => zone);
  const nodes = zones.map((zone) => nodeIn(zone));
  const whole = askFor(hours, homeZone, policy);
  const base = (h: number): Omit<RoutingInput, 'ask' | 'nodes'> => ({
    id: 'bench', codeVersion: 'bench', trigger: 'interval', time: { nowMs: grid.startMs + (start + h) * HOUR_MS, nodeSecondsPerSecond: 1, intervalMs: HOUR_MS },
    zones: eyes.at(start + h), tariff: fifteenMinutes(whole),
  });
  const first = place({ ...base(0), nodes, ask: whole, mayWait: false, waiting: false }).outcome;
  if (first.do !== 'place') throw new Error(`the first placement answered ${first.do}`);
  const indexOf = (slug: string) => nodes.findIndex((node) => node.slug === slug);
  const path = [indexOf(first.nodes[0]!)];
  let movesUsed = 0;
  for (let h = 1; h < hours; h += 1) {
    const here = path[h - 1]!;
    const ask = askFor(hours - h, homeZone, policy, { movesUsed, current: { nodeSlug: nodes[here]!.slug, unitsSinceCheckpoint: 0 } });
    const running = nodes.map((node, i) => (i === here ? { ...node, gpusReserved: 8 } : node));
    const { outcome } = reconsider({ ...base(h), nodes: running, ask });
    if (outcome.do === 'move') movesUsed += 1;
    path.push(outcome.do === 'move' ? indexOf(outcome.nodes[0]!) : here);
  }
  return path;
}

/** The least objective with every hour known, the same moves and the same price of a move; it starts where it likes. */
export function clairvoyantPath(grid: Grid, policy: PolicyInForce, start: number, hours: number): number[] {
  const sites = grid.zones.length;
  const rate = rateOf(grid, policy);
  const cost = new Float64Array(hours * sites);
  const ends = new Float64Array(hours * sites);
  for (let h = 0; h < hours; h += 1) for (let z = 0; z < sites; z += 1) {
    cost[h * sites + z] = rate(z, start + h);
    ends[h * sites + z] = rate(z, start + h) * END_OF_MOVE_H;
  }
  const { total, path } = planMoves({ sites, chunks: hours, moves: policy.maxMoves, cost, leave: ends, arrive: ends, between: new Float64Array(sites * sites) });
  return path(total.indexOf(total.reduce((a, b) => Math.min(a, b))));
}

/** Objective of a kWh in zone z at an hour, in the policy's unit. */
const rateOf = (grid: Grid, { weights }: PolicyInForce) => {
  const objective = objectiveOf(weights);
  return (z: number, hour: number) => objective.carbon * grid.zones[z]!.intensityMgPerKwh[hour]! + objective.price * grid.zones[z]!.priceMicroUsdPerMwh[hour]!;
};

function billOf({ grid, policy, hours }: Study, start: number, zones: readonly number[]): Bill {
  const kw = workKw(askFor(hours, '', policy));
  const rate = rateOf(grid, policy);
  const bill: Bill = { objective: 0, grams: 0, usd: 0, moves: 0 };
  const add = (z: number, hour: number, kwh: number) => {
    bill.objective += rate(z, hour) * kwh;
    bill.grams += (grid.zones[z]!.intensityMgPerKwh[hour]! * kwh) / 1_000;
    bill.usd += (grid.zones[z]!.priceMicroUsdPerMwh[hour]! * kwh) / 1e9;
  };
  zones.forEach((z, h) => {
    add(z, start + h, kw);
    const before = zones[h - 1];
    if (before === undefined || before === z) return;
    bill.moves += 1;
    add(before, start + h, kw * END_OF_MOVE_H);
    add(z, start + h, kw * END_OF_MOVE_H);
  });
  return bill;
}
