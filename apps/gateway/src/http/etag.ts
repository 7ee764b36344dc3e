import { Problem } from '#platform/errors/problem';

export const etagOf = (version: number): string => `"${version}"`;

/** `If-Match` of an editable resource: absent is 428. @returns the version that the caller saw, or undefined for `*` */
export function matchedVersion(header: string | undefined): number | undefined {
  if (header === undefined) throw new Problem('precondition-required', 'Send If-Match with the ETag of what you read, so that no other change is lost.');
  if (header.trim() === '*') return undefined;
  const version = /^"(\d{1,9})"$/.exec(header.trim())?.[1];
  return version === undefined ? -1 : Number(version);
}

export const staleVersion = (current: number): Problem =>
  new Problem('stale-version', 'The resource has changed since you read it; read it again and repeat your change.', {}, { etag: etagOf(current) });
