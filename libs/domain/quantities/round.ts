/**
 * n ÷ d rounded half to even, the one rounding of the books (W-2): over many lines it favours nobody.
 * @throws RangeError unless d > 0
 */
export function divideHalfEven(n: bigint, d: bigint): bigint {
  if (d <= 0n) throw new RangeError(`the divisor must be above 0, it is ${d}`);
  const magnitude = n < 0n ? -n : n;
  const quotient = magnitude / d;
  const twice = (magnitude % d) * 2n;
  const rounded = twice > d || (twice === d && quotient % 2n === 1n) ? quotient + 1n : quotient;
  return n < 0n ? -rounded : rounded;
}

/**
 * Splits `total` in proportion to `weights`, so that the parts sum to it exactly: floors first, then one more for the
 * largest remainders, ties by `keys` in code-unit order (W-25, M-33). All weights 0: everything stays with the caller (parts are 0).
 */
export function splitLargestRemainder(total: bigint, weights: readonly bigint[], keys: readonly string[]): bigint[] {
  const whole = weights.reduce((a, b) => a + b, 0n);
  if (whole === 0n) return weights.map(() => 0n);
  const parts = weights.map((weight) => (total * weight) / whole);
  const remainders = weights.map((weight, i) => ({ i, rest: (total * weight) % whole }));
  remainders.sort((a, b) => (a.rest === b.rest ? (keys[a.i]! < keys[b.i]! ? -1 : 1) : a.rest > b.rest ? -1 : 1));
  let left = total - parts.reduce((a, b) => a + b, 0n);
  for (const { i } of remainders) {
    if (left === 0n) break;
    parts[i]! += 1n;
    left -= 1n;
  }
  return parts;
}
