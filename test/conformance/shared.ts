import { shared } from '../support/shared.ts';

/** The published vectors; a test that needs them is skipped, and says so, where they are not. */
export const vectors = shared('vectors');
