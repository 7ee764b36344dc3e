import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '#platform/config/key-ring';

const TIME_BYTES = 6;
const MAC_BYTES = 10;
const VALID_MS = 10 * 60_000;
const AHEAD_MS = 5_000;

/**
 * Nonces that nodes put into their reports, so that reports cannot be made ahead (W-21). A nonce is its time and a MAC over
 * node and time: genuine ones are recognised without keeping them, also those of a week in the spool.
 */
export class ReportNonces {
  private readonly keys: readonly Buffer[];

  constructor({ active, keys }: KeyRing) {
    const ordered = [active, ...[...keys.keys()].filter((id) => id !== active)];
    this.keys = ordered.map((id) => Buffer.from(hkdfSync('sha256', keys.get(id)!, '', 'wattbook/report-nonce/v1', 32)));
  }

  make(nodeId: string, now: number): string {
    const time = Buffer.alloc(TIME_BYTES);
    time.writeUIntBE(now, 0, TIME_BYTES);
    return Buffer.concat([time, mac(this.keys[0]!, nodeId, time)]).toString('base64url');
  }

  /**
   * Whether a report issued then may carry it: given before, and at most 10 minutes before. An older one counts while it is
   * still among the newest two of its node, because a node without a gateway gets no newer.
   */
  isGiven(nonce: string, nodeId: string, issuedAt: number, newest: readonly (string | null)[]): boolean {
    const given = this.givenAt(nonce, nodeId);
    return given !== undefined && isInTime(given, issuedAt, newest.includes(nonce));
  }

  /** When this node was given the nonce, ms since 1970; undefined where it never was. */
  givenAt(nonce: string, nodeId: string): number | undefined {
    const bytes = Buffer.from(nonce, 'base64url');
    if (bytes.length !== TIME_BYTES + MAC_BYTES) return undefined;
    const time = bytes.subarray(0, TIME_BYTES);
    return this.keys.some((key) => timingSafeEqual(bytes.subarray(TIME_BYTES), mac(key, nodeId, time))) ? time.readUIntBE(0, TIME_BYTES) : undefined;
  }
}

export const isInTime = (given: number, issuedAt: number, isNewest: boolean): boolean => given <= issuedAt + AHEAD_MS && (issuedAt <= given + VALID_MS || isNewest);

const mac = (key: Buffer, nodeId: string, time: Buffer): Buffer => createHmac('sha256', key).update(nodeId).update(time).digest().subarray(0, MAC_BYTES);
