import { expect, test } from 'vitest';
import { functionLengths, sources } from './sources.ts';
import { EXCEPTIONS } from './exceptions.ts';

const files = sources();
const product = files.filter(({ isTest, path }) => !isTest && !path.startsWith('infra') && path.endsWith('.ts'));
const quantile = (values: readonly number[], q: number): number => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)] ?? 0;

test('O-141: sizes lie inside the mirror, and are printed', async () => {
  const sizes = product.map(({ lines }) => lines);
  const functions = await functionLengths(product);
  const lengths = functions.map(({ lines }) => lines);
  const ratio = (room: RegExp): number => {
    const sum = (tests: boolean) => files.filter(({ path, isTest }) => room.test(path) && isTest === tests).reduce((total, { lines }) => total + lines, 0);
    return sum(true) / sum(false);
  };
  const shared = files.filter(({ path }) => path.startsWith('test/')).reduce((total, { lines }) => total + lines, 0);
  const outside = product.filter(({ path }) => !path.startsWith('libs/domain')).reduce((total, { lines }) => total + lines, 0);
  const beside = files.filter(({ path, isTest }) => isTest && !path.startsWith('test/') && !path.startsWith('libs/domain')).reduce((total, { lines }) => total + lines, 0);
  process.stdout.write(`sizes: ${product.length} files, median ${quantile(sizes, 0.5)}, nine of ten ≤ ${quantile(sizes, 0.9)}, largest ${Math.max(...sizes)}; `
    + `functions nine of ten ≤ ${quantile(lengths, 0.9)}, longest ${Math.max(...lengths)}; tests to source ${ratio(/^libs\/domain/).toFixed(2)} in libs/domain, ${((shared + beside) / outside).toFixed(2)} elsewhere\n`);
  expect(quantile(sizes, 0.5)).toBeLessThanOrEqual(100);
  expect(quantile(sizes, 0.9)).toBeLessThanOrEqual(210);
  expect(files.filter(({ lines, path }) => lines > 400 && !EXCEPTIONS[path]).map(({ path, lines }) => `${path} ${lines}`)).toEqual([]);
  expect(quantile(lengths, 0.9)).toBeLessThanOrEqual(30);
  expect(functions.filter(({ lines, where }) => lines > 70 && !EXCEPTIONS[where.split(':')[0]!])).toEqual([]);
  expect(ratio(/^libs\/domain/)).toBeGreaterThanOrEqual(1.5);
  expect((shared + beside) / outside).toBeGreaterThanOrEqual(0.8);
});

test('exceptions are few, each with a reason and still needed', () => {
  expect(Object.keys(EXCEPTIONS).length).toBeLessThanOrEqual(10);
  expect(Object.keys(EXCEPTIONS).filter((path) => !files.some((file) => file.path === path))).toEqual([]);
});
