/** Why a report is no energy (M-35, W-22, W-23). One list for the check, the answer, the strikes and the documents. */
export const REFUSALS = {
  bad_signature: 'The signature is not the stored key\'s over these bytes. Sign the RFC 8785 bytes without `signature`, with the key registered under `key_id`.',
  equivocation: 'This sequence was reported before with other bytes. The node is quarantined; an operator must look at it.',
  future: 'The interval ends more than 5 s after our clock. Set the node\'s clock.',
  too_old: 'The interval is older than 7 days; it stays missing.',
  bad_interval: 'The interval is empty or longer than 300 s.',
  stale_nonce: '`server_nonce` is not one that we gave this node in time. Use the newest from heartbeat or registration.',
  chain_break: '`previous_sha256` is not the hash of the report before. Send the reports of a boot in order.',
  overlap: 'A device of this report already has an accepted report for part of the interval.',
  sum_mismatch: 'The parts of a device or the host do not sum to its energy, or the host is not split by its devices\' jobs.',
  unopened_job: 'Each job line needs exactly one opening that hashes to it, each opening a line. Send the report again with the right ones.',
  not_as_registered: '`hardware` is not what the node registered, or `grade` is not that of `method`. Simulated hardware reports by `model`, which is `modelled`.',
  unknown_job: 'An opened job was not on this node under that fence at that time.',
  over_physical: 'More energy than the hardware can draw in the interval.',
  under_physical: 'Less energy than half the idle power of a device that was busy.',
} as const;

export type Refusal = keyof typeof REFUSALS;

/** W-31: each of these lowers trust and counts towards quarantine (3 in 24 h). */
const STRIKES: ReadonlySet<Refusal> = new Set(['over_physical', 'under_physical', 'unknown_job', 'unopened_job', 'equivocation']);
export const isStrike = (code: Refusal): boolean => STRIKES.has(code);

export class ReportRefused extends Error {
  readonly code: Refusal;

  constructor(code: Refusal) {
    super(REFUSALS[code]);
    this.code = code;
  }
}
