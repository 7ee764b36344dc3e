import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { KeyRing } from '#platform/config/key-ring';
import { createPayloadCodec } from './payload-codec.ts';

/** The file beside this one has this one's ending: `.ts` from source, `.js` from dist. */
export const FAILURE_CONVERTER = fileURLToPath(new URL(`./failure-converter${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** The one converter of client, worker and bundle. */
export const createDataConverter = (keys: KeyRing, namespace: string): DataConverter => ({
  payloadCodecs: [createPayloadCodec(keys, namespace)],
  failureConverterPath: FAILURE_CONVERTER,
});
