import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { microUsdPerMwh } from '#domain/quantities/quantities';
import { sampleAsk, sampleForecast, sampleNode, sampleZone } from '../../../test/conformance/routing-sample.ts';
import { zoneHours } from './hours.ts';
import { bestOfZones, expectedFrom, objectiveOf, planSites, SAMPLE_TARIFF, type Site, siteOf, stayObjective } from './objective.ts';
import { planMoves, type PlanProblem } from './plan.ts';
import { namedPolicy, type PolicyName } from './policy.ts';
import type { WorkAsk } from './types.ts';

/** A small world: three zones, a few hours known of each, some of it below zero. */
const SITES = [['fr-paris-1', 'FR'], ['es-madrid-1', 'ES'], ['us-ca-1', 'US-CAL-CISO']] as const;
const series = (min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 6 });
const worlds = fc.record({
  g: fc.tuple(series(-50, 900), series(-50, 900), series(-50, 900)), usd: fc.tuple(series(-60, 300), series(-60, 300), series(-60, 300)), adder: fc.nat(20),
  units: fc.integer({ min: 100, max: 4 * 3_600 }), again: fc.nat(600), sizeGb: fc.constantFrom(0, 1, 40, 400), moves: fc.nat(3), start: fc.nat(3), policy: fc.constantFrom<PolicyName>('balanced', 'carbon', 'cost'),
});
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

function made({ g, usd, adder, units, again, sizeGb, moves, start, policy }: World) {
  const ask = sampleAsk({ gpuMemoryGb: 16, remainingUnits: units, policy: namedPolicy(policy), checkpoint: { supported: true, sizeGb, intervalS: 300 }, current: { nodeSlug: 'elsewhere', unitsSinceCheckpoint: again } });
  const sites = SITES.map(([slug, zone], i): Site => {
    const [grams, prices] = [g[i]!, usd[i]!];
    const view = sampleZone(zone, grams[0]!, prices[0]!, { forecast: sampleForecast(grams.slice(1), prices.slice(1)) });
    return siteOf(sampleNode(slug, { energyAdderMicroUsdPerMwh: microUsdPerMwh(BigInt(adder * 1_000_000)) }), zoneHours(view)!, ask);
  });
  return { ask, sites, moves, start, settings: { objective: objectiveOf(ask.policy.weights), ask, moves, tariff: SAMPLE_TARIFF, start } };
}

/** µUSD or ng of one kW at a site from hour `from` to hour `to`, walked hour by hour in grams and dollars. */
function ofOneKw(i: number, { g, usd, adder }: World, { policy: { weights } }: WorkAsk, from: number, to: number): number {
  const known = Math.min(g[i]!.length, usd[i]!.length);
  const hourOf = (values: readonly number[], scale: number, h: number) => {
    const all = values.slice(0, known).map((value) => value * scale);
    return h < known ? all[h]! : Math.round(all.slice(-24).reduce((a, b) => a + b, 0) / Math.min(24, known));
  };
  let sum = 0;
  for (let at = from; at < to - 1e-12;) {
    const until = Math.min(to, Math.floor(at + 1e-9) + 1);
    const h = Math.floor(at + 1e-9);
    const grams = hourOf(g[i]!, 1_000, h) / 1_000;
    const dollarsPerKwh = (hourOf(usd[i]!, 1_000_000, h) / 1e6 + adder) / 1_000;
    // W-60: 200 × w_c ÷ w_p dollars a tonne; without w_p grams alone.
    sum += (until - at) * (weights.price === 0 ? grams * 1e9 : (dollarsPerKwh + (grams / 1e6) * ((200 * weights.carbon) / weights.price)) * 1e6);
    at = until;
  }
  return sum;
}

/** Every way through the chunks with at most so many moves, each priced from scratch. */
function everyPath(world: World, begin: number, { firstStays = false } = {}): { least: number; costOf: (path: readonly number[]) => number; chunks: number } {
  const { ask, sites, moves, start } = made(world);
  const chunks = Math.max(1, Math.ceil(Math.min(...sites.map(({ runHours }) => runHours))));
  const { sizeGb } = ask.checkpoint;
  const at = (i: number, k: number) => start + (k * sites[i]!.runHours) / chunks;
  const over = (i: number, k: number, hours: number) => ofOneKw(i, world, ask, at(i, k), at(i, k) + hours);
  // The wire is charged at the zone's figures of the hour in which it begins, without the node's adder.
  const wire = (i: number, k: number) => ((0.0065 * sizeGb) / 2) * ofOneKw(i, { ...world, adder: 0 }, ask, Math.floor(at(i, k) + 1e-9), Math.floor(at(i, k) + 1e-9) + 1);
  const transfer = (i: number, k: number) => sites[i]!.fullKw * over(i, k, (20 + sizeGb / 2) / 3_600) + wire(i, k);
  const again = (i: number, k: number) => sites[i]!.kw * over(i, k, world.again / (sites[i]!.node.speedE3 / 1_000) / 3_600);
  const perGb = (a: number, b: number) => (ask.policy.weights.price === 0 || (a < 2) === (b < 2) ? 0 : 50_000);
  const costOf = (path: readonly number[]) => path.reduce((sum, site, k) => {
    const before = k === 0 ? begin : path[k - 1]!;
    const move = before === site ? 0 : transfer(before, k) + transfer(site, k) + again(site, k) + perGb(before, site) * sizeGb;
    return sum + move + sites[site]!.kw * ofOneKw(site, world, ask, at(site, k), at(site, k + 1));
  }, 0);
  const movesOf = (path: readonly number[]) => path.filter((site, k) => site !== (k === 0 ? begin : path[k - 1])).length;
  let paths: number[][] = [[]];
  for (let k = 0; k < chunks; k += 1) paths = paths.flatMap((path) => sites.map((_site, s) => [...path, s]));
  const allowed = paths.filter((path) => movesOf(path) <= moves && (!firstStays || path[0] === begin));
  return { least: Math.min(...allowed.map(costOf)), costOf, chunks };
}

/** Relative to what is at stake, since floats add up in another order here. */
const near = (found: number, expected: number) => { expect(Math.abs(found - expected), `${found} for ${expected}`).toBeLessThan(1e-7 * Math.abs(expected) + 1e-2 + (Math.abs(expected) > 1e9 ? 1e4 : 0)); };

describe('W-71 against every path there is, hour by hour', () => {
  test('the plan costs the least of all, and its own path costs just that', () => {
    fc.assert(fc.property(worlds, (world) => {
      const { sites, settings } = made(world);
      const { plan, problem } = planSites(sites, settings);
      sites.forEach((_site, s) => {
        const { least, costOf, chunks } = everyPath(world, s);
        expect(problem.chunks).toBe(chunks);
        near(plan.total[s]!, least);
        near(costOf(plan.path(s)), least);
      });
    }), { numRuns: 120 });
  });

  test('W-66: expected of a start is the least of all paths that begin there', () => {
    fc.assert(fc.property(worlds, (world) => {
      const { sites, settings, start } = made(world);
      const plan = planSites(sites, settings);
      sites.forEach((site, s) => { near(expectedFrom(site, plan, settings.objective, start), everyPath(world, s, { firstStays: true }).least); });
    }), { numRuns: 120 });
  });

  test('staying is a path as well: all chunks on one site', () => {
    fc.assert(fc.property(worlds, (world) => {
      const { sites, settings, start } = made(world);
      sites.forEach((site, s) => {
        const { costOf, chunks } = everyPath(world, s);
        near(stayObjective(site, settings.objective, start), costOf(Array<number>(chunks).fill(s)));
      });
    }), { numRuns: 60 });
  });
});

describe('relations that hold whatever the numbers are', () => {
  const sizes = fc.record({ sites: fc.integer({ min: 1, max: 4 }), chunks: fc.integer({ min: 1, max: 7 }), moves: fc.nat(4) });
  const problems = sizes.chain(({ sites, chunks, moves }) => {
    const numbers = (n: number, min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: n, maxLength: n }).map((list) => Float64Array.from(list));
    return fc.record({
      sites: fc.constant(sites), chunks: fc.constant(chunks), moves: fc.constant(moves), cost: numbers(sites * chunks, -30, 60), leave: numbers(sites * chunks, 0, 9), arrive: numbers(sites * chunks, 0, 9), between: numbers(sites * sites, 0, 9),
    });
  });
  const totals = (p: PlanProblem) => [...planMoves(p).total];
  const scaled = (list: Float64Array, by: number) => list.map((value) => value * by);

  test('a site that is like another but dearer each hour changes nothing', () => {
    fc.assert(fc.property(problems, fc.integer({ min: 1, max: 5 }), (p, more) => {
      const wide = (list: Float64Array, add: number) => Float64Array.from(Array.from({ length: p.chunks }, (_, k) => [...list.slice(k * p.sites, (k + 1) * p.sites), list[k * p.sites]! + add]).flat());
      const rows = Array.from({ length: p.sites }, (_, s) => Array.from(p.between.subarray(s * p.sites, (s + 1) * p.sites)));
      // The copy of the first site: as far from everyone as that is, and as costly to reach as that is from elsewhere.
      const between = [...rows.map((row, s) => [...row, s === 0 ? 9 : row[0]!]), [...rows[0]!.map((value, s) => (s === 0 ? 9 : value)), 0]];
      const grown: PlanProblem = { ...p, sites: p.sites + 1, cost: wide(p.cost, more), leave: wide(p.leave, 0), arrive: wide(p.arrive, 0), between: Float64Array.from(between.flat()) };
      expect(totals(grown).slice(0, p.sites)).toEqual(totals(p));
    }), { numRuns: 300 });
  });

  test('who stands first does not matter: turned round, totals turn round', () => {
    fc.assert(fc.property(problems, (p) => {
      const turn = (list: Float64Array) => Float64Array.from(Array.from({ length: list.length / p.sites }, (_, k) => Array.from(list.subarray(k * p.sites, (k + 1) * p.sites)).reverse()).flat());
      const between = Float64Array.from([...p.between].reverse());
      expect(totals({ ...p, cost: turn(p.cost), leave: turn(p.leave), arrive: turn(p.arrive), between })).toEqual(totals(p).reverse());
    }), { numRuns: 300 });
  });

  test('all prices times three: three times the total by the same path', () => {
    fc.assert(fc.property(problems, (p) => {
      const trebled = planMoves({ ...p, cost: scaled(p.cost, 3), leave: scaled(p.leave, 3), arrive: scaled(p.arrive, 3), between: scaled(p.between, 3) });
      expect([...trebled.total]).toEqual(totals(p).map((total) => total * 3));
      for (let s = 0; s < p.sites; s += 1) expect(trebled.path(s)).toEqual(planMoves(p).path(s));
    }), { numRuns: 200 });
  });

  test('an hour that is dearer by the same everywhere costs just that, and moves nobody', () => {
    fc.assert(fc.property(problems, fc.nat(6), fc.integer({ min: -50, max: 50 }), (p, hour, more) => {
      const k = hour % p.chunks;
      const dearer = planMoves({ ...p, cost: p.cost.map((value, i) => (Math.floor(i / p.sites) === k ? value + more : value)) });
      expect([...dearer.total]).toEqual(totals(p).map((total) => total + more));
      for (let s = 0; s < p.sites; s += 1) expect(dearer.path(s)).toEqual(planMoves(p).path(s));
    }), { numRuns: 200 });
  });

  test('no single figure can rise and lower a total', () => {
    fc.assert(fc.property(problems, fc.constantFrom('cost' as const, 'leave' as const, 'arrive' as const, 'between' as const), fc.nat(100), (p, which, at) => {
      const raised = p[which].map((value, i) => (i === at % p[which].length ? value + 7 : value));
      const before = totals(p);
      totals({ ...p, [which]: raised }).forEach((total, s) => { expect(total).toBeGreaterThanOrEqual(before[s]!); });
    }), { numRuns: 300 });
  });

  test('a move for each hour is as good as any number, and no plan moves twice in one', () => {
    fc.assert(fc.property(problems, (p) => { expect(totals({ ...p, moves: 40 })).toEqual(totals({ ...p, moves: p.chunks })); }), { numRuns: 100 });
  });
});

test('the best of a zone is unmoved by a worse node there, and by who is handed in first', () => {
  fc.assert(fc.property(worlds, fc.integer({ min: 1, max: 2_000 }), (world, watts) => {
    const { sites, settings } = made({ ...world, g: world.g.map((list) => list.map(Math.abs)) as World['g'], usd: world.usd.map((list) => list.map((usd) => Math.abs(usd) + 1)) as World['usd'] });
    const worse = { ...sites[0]!, node: { ...sites[0]!.node, slug: 'a-worse' }, kw: sites[0]!.kw + watts / 1_000 };
    const slugs = (list: readonly Site[]) => bestOfZones(list, settings.objective, (a, b) => (a.slug < b.slug ? -1 : 1)).map(({ node }) => node.slug);
    expect(stayObjective(worse, settings.objective)).toBeGreaterThanOrEqual(stayObjective(sites[0]!, settings.objective));
    const expected = stayObjective(worse, settings.objective) > stayObjective(sites[0]!, settings.objective) ? ['es-madrid-1', 'fr-paris-1', 'us-ca-1'] : ['es-madrid-1', 'a-worse', 'us-ca-1'];
    expect(slugs([...sites, worse])).toEqual(expected);
    expect(slugs([worse, ...sites.toReversed()])).toEqual(expected);
  }), { numRuns: 100 });
});
