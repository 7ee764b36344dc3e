/** Name of the Temporal header; workflows/common/correlation.interceptors.ts spells it too, since workflows import nothing of this room. */
export const CORRELATION_HEADER = 'wattbook-correlation-id';
