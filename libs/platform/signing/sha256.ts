import { hash } from 'node:crypto';

type Bytes = string | Uint8Array;

export const sha256Hex = (bytes: Bytes): string => hash('sha256', bytes, 'hex');
/** 32 bytes as 43 characters, unpadded. */
export const sha256Base64url = (bytes: Bytes): string => hash('sha256', bytes, 'base64url');
/** As documents name each other (M-113): `sha256:` and hex. */
export const sha256Name = (bytes: Bytes): string => `sha256:${sha256Hex(bytes)}`;
