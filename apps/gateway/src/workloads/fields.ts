import { z } from 'zod';
import { parseDecimal } from '#domain/quantities/decimal';

/** One line for people: no control characters, and no halves of characters, which the database would refuse. */
export const line = (most: number, least = 1) =>
  z.string().min(least).max(most).regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be one line of whole characters, without control characters');

/** Text for a program: line breaks are welcome, NUL and halves of characters are not. */
export const words = (most: number) => z.string().max(most).regex(/^[^\0\p{Cs}]*$/u, 'must not hold NUL or halves of characters');

export const uri = z.string().max(2_048).regex(/^[a-z][a-z0-9+.-]*:\/\/[^\s\p{Cc}\p{Cs}@]+$/u, 'must be an address as scheme://…, without user or password in it');

/** RFC 3339 with `Z` or an offset. */
export const instant = z.iso.datetime({ offset: true });

/**
 * A decimal as people write it: a JSON text or number, at most `places` after the point. Numbers are read by their shortest text, so 0.1 is 0.1.
 * @param least smallest value accepted, in units of the last place
 */
export const decimal = (places: number, { least, most }: { least: bigint; most: bigint }) =>
  z.union([z.string().max(60), z.number()]).superRefine((given, context) => {
    const value = read(String(given), places);
    const message = value === undefined ? `must be a decimal with at most ${places} places, such as "12.5"` : value < least ? 'is too small' : value > most ? 'is too large' : undefined;
    if (message) context.addIssue({ code: 'custom', message });
  });

function read(text: string, places: number): bigint | undefined {
  try {
    return parseDecimal(text, places);
  } catch {
    return undefined;
  }
}

/** Names and values that look like credentials: those belong into `secret_refs`, where no row and no log holds them (I11). */
const SECRET_NAME = /(?:^|[_.-])(?:secret|token|passwd|password|passphrase|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)(?:$|[_.-])/i;
const SECRET_VALUE = /-----BEGIN [A-Z ]*PRIVATE KEY|\bwb_(?:live|test)_|\bsk[-_](?:live|test|proj|ant)[-_]|\bgh[pousr]_[A-Za-z0-9]{20}|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.|:\/\/[^\s/:@]+:[^\s/@]+@/;

export const looksSecret = (name: string, value: string): boolean => SECRET_NAME.test(name) || SECRET_VALUE.test(value);
