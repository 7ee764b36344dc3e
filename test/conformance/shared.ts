import { existsSync } from 'node:fs';

/** The customer's published vectors beside the checkout; a test that needs them is skipped, and says so, where they are not. */
export const vectors: string | undefined = ['../../../shared/vectors'].map((path) => new URL(path, import.meta.url).pathname).find((path) => existsSync(path));

if (!vectors) console.warn('SKIPPED: conformance vectors are not beside this checkout (../shared/vectors)');
