import { divideHalfEven } from './round.ts';

/**
 * Reads a decimal text into an integer of 10^-places: ('1.5', 6) is 1500000n.
 * @throws RangeError where the text is no plain decimal or is finer than `places`
 */
export function parseDecimal(text: string, places: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3] ?? '';
  if (!match || fraction.length > places) throw new RangeError(`"${text}" is not a decimal with at most ${places} places`);
  const digits = BigInt(match[2]! + fraction.padEnd(places, '0'));
  return match[1] ? -digits : digits;
}

/** Writes an integer of 10^-places as a decimal, without trailing zeros: (1500000n, 6) is "1.5". */
export function formatDecimal(value: bigint, places: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  const fraction = places === 0 ? '' : digits.slice(-places).replace(/0+$/, '');
  const whole = places === 0 ? digits : digits.slice(0, -places);
  return `${value < 0n ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`;
}

/** As `formatDecimal`, shown with fewer places, half to even (W-1: signals show at most 3). */
export const formatRounded = (value: bigint, places: number, shown: number): string =>
  formatDecimal(divideHalfEven(value, 10n ** BigInt(places - shown)), shown);
