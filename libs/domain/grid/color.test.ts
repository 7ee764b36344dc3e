import fc from 'fast-check';
import { expect, test } from 'vitest';
import { carbonColor } from './color.ts';

test.each([
  [null, 'unknown'], [0n, 'green'], [99_999n, 'green'], [100_000n, 'light green'], [199_999n, 'light green'], [200_000n, 'yellow'],
  [299_999n, 'yellow'], [300_000n, 'orange'], [449_999n, 'orange'], [450_000n, 'red'], [2_000_000n, 'red'],
])('W-133: %s mg/kWh is %s', (intensity, color) => expect(carbonColor(intensity)).toBe(color));

test('more carbon is never painted cleaner', () => {
  const order = ['green', 'light green', 'yellow', 'orange', 'red'];
  const grams = fc.bigInt(0n, 2_000_000n);
  fc.assert(fc.property(grams, grams, (a, b) => (a <= b) === (order.indexOf(carbonColor(a)) <= order.indexOf(carbonColor(b))) || carbonColor(a) === carbonColor(b)));
});
