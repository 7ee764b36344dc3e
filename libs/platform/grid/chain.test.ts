import { describe, expect, test } from 'vitest';
import type { SignalKind } from '#domain/grid/signal';
import { askChain, askForecast } from './chain.ts';
import { Refusal, type GridSource, type SourceRequest, type Statement } from './source.ts';

const TIMES = { perSourceMs: 40, allMs: 100 };
const request: SourceRequest = { zone: 'FR', kinds: new Set<SignalKind>(['intensity', 'price']), interval: { start: 60_000, lengthS: 60, sourceTime: 0 }, present: 0 };
const says = (kind: SignalKind, value: unknown = 1n, over: Partial<Statement> = {}): Statement => ({
  zone: 'FR', kind, basis: kind === 'intensity' ? 'average_lifecycle' : null, fuel: null, value: value as bigint, intervalStart: 60_000, lengthS: 60, sourceTime: 0, sourceRef: 'test', quality: 'final', ...over,
});
const both = [says('intensity'), says('price')];

/** A source that answers as scripted, one answer a call, the last one again and again; counts its calls. */
function fake(name: string, ...answers: (readonly Statement[] | Refusal | Error | 'never')[]): GridSource & { calls: number; asked: SignalKind[][] } {
  const source = {
    name,
    calls: 0,
    asked: [] as SignalKind[][],
    async fetch({ kinds }: SourceRequest) {
      source.asked.push([...kinds]);
      const answer = answers[Math.min(source.calls, answers.length - 1)]!;
      source.calls += 1;
      if (answer === 'never') return new Promise<Refusal>(() => undefined);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return source;
}
const codes = (answer: Awaited<ReturnType<typeof askChain>>) => answer.refusals.map(({ source, refusal }) => `${source} ${refusal.code}`);

describe('W-37: the order', () => {
  test('the first that answers is recorded, later ones are not asked', async () => {
    const [a, b] = [fake('a', both), fake('b', both)];
    const answer = await askChain([a, b], request, TIMES);
    expect([answer.statements.map(({ source }) => source), answer.refusals, b.calls]).toEqual([['a', 'a'], [], 0]);
  });

  test('the next is asked for what is still missing', async () => {
    const [a, b] = [fake('a', [says('intensity')]), fake('b', both)];
    const answer = await askChain([a, b], request, TIMES);
    expect(answer.statements.map(({ kind, source }) => `${kind} ${source}`)).toEqual(['intensity a', 'price b']);
    expect(b.asked).toEqual([['price']]);
  });

  test('nobody has it: it stays missing, with every reason', async () => {
    const answer = await askChain([fake('a', new Refusal('quota', '')), fake('b', new Refusal('no_data', ''))], request, TIMES);
    expect([answer.statements, codes(answer)]).toEqual([[], ['a quota', 'b no_data']]);
  });

  test('no source at all', async () => expect(await askChain([], request, TIMES)).toEqual({ statements: [], refusals: [] }));
});

describe('W-37: bad answers are refused even if nothing else is there', () => {
  test.each<[string, readonly Statement[] | Refusal, string]>([
    ['another zone', [says('intensity', 1n, { zone: 'DE' })], 'wrong_zone'],
    ['one row of another zone among good ones', [...both, says('demand', 1n, { zone: 'DE' })], 'wrong_zone'],
    ['another interval', [says('intensity', 1n, { intervalStart: 0 })], 'wrong_interval'],
    ['another length', [says('intensity', 1n, { lengthS: 3_600 })], 'wrong_interval'],
    ['an empty list', [], 'no_data'],
    ['http 404', new Refusal('http_404', ''), 'http_404'],
  ])('%s', async (_name, bad, code) => {
    const answer = await askChain([fake('bad', bad)], request, TIMES);
    expect([answer.statements, codes(answer)]).toEqual([[], [`bad ${code}`]]);
  });

  test.each([['1e9 g', 10n ** 15n], ['below 0', -1n], ['NaN', NaN], ['null', null], ['text', '56.6']])('%s is out of bounds, and the next source is asked for it', async (_name, value) => {
    const answer = await askChain([fake('bad', [says('intensity', value), says('price')]), fake('good', both)], request, TIMES);
    expect(codes(answer)).toEqual(['bad out_of_bounds']);
    expect(answer.statements.map(({ kind, source }) => `${kind} ${source}`)).toEqual(['price bad', 'intensity good']);
  });
});

describe('W-37: time and retries', () => {
  test('one that never answers is left behind after its time, asked once more, then the next', async () => {
    const [a, b] = [fake('a', 'never'), fake('b', both)];
    const begin = performance.now();
    const answer = await askChain([a, b], request, TIMES);
    expect([codes(answer), a.calls, answer.statements.length]).toEqual([['a timeout', 'a timeout'], 2, 2]);
    expect(performance.now() - begin).toBeLessThan(400);
  });

  test('all together have a limit: the third hanging source is not waited for', async () => {
    const sources = [fake('a', 'never'), fake('b', 'never'), fake('c', both)];
    const answer = await askChain(sources, request, TIMES);
    expect(answer.statements).toEqual([]);
    expect(sources[2]!.calls).toBe(0);
    expect(codes(answer).at(-1)).toBe('c timeout');
  });

  test('a broken connection and a 5xx are tried once more', async () => {
    for (const bad of [new Error('ECONNRESET'), new Refusal('http_503', '')]) {
      const source = fake('a', bad, both);
      const answer = await askChain([source], request, TIMES);
      expect([answer.statements.length, answer.refusals.length, source.calls]).toEqual([2, 1, 2]);
    }
  });

  test('a no is a no: 4xx, quota and no data are not asked again', async () => {
    for (const code of ['http_401', 'quota', 'no_data'] as const) {
      const source = fake('a', new Refusal(code, ''), both);
      expect((await askChain([source], request, TIMES)).statements).toEqual([]);
      expect(source.calls).toBe(1);
    }
  });
});

describe('askForecast', () => {
  const row = { kind: 'price' as const, basis: null, fuel: null, value: 5n, sourceTime: 3_600_000 };
  test('the first source that makes one', async () => {
    const maker: GridSource = { ...fake('b', both), forecast: async () => [row] };
    expect(await askForecast([fake('a', both), maker], 'FR', 0, TIMES)).toEqual({ source: 'b', rows: [row] });
  });

  test('none, or one that fails, is null', async () => {
    const broken: GridSource = { ...fake('b', both), forecast: async () => Promise.reject(new Error('down')) };
    expect([await askForecast([fake('a', both)], 'FR', 0, TIMES), await askForecast([broken], 'FR', 0, TIMES)]).toEqual([null, null]);
  });
});
