import { DefaultFailureConverter } from '@temporalio/common';

/** Loaded by its path, in workers and in the workflow sandbox: messages and stack traces travel as payloads, so the codec encrypts them (O-62). */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
