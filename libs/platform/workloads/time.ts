/** The database's text of an instant as R-4 writes it: UTC, milliseconds. */
export function toIso(text: string): string;
export function toIso(text: string | null): string | null;
export function toIso(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}
