const REDACTED = '[redacted]';

/** Names whose values are secret or personal, wherever they stand (O-35). */
const SECRET_NAME = /(?:^|[_\-.])(?:authorization|cookie|password|passwd|secret|token|api[_-]?key|private[_-]?key|credentials?|email|e_mail|prompt|completion|body|connection[_-]?string|dsn)$|(?:KEY|SECRET|TOKEN|PASSWORD)S?$/i;

/** Names that end like a secret and hold none. */
const HARMLESS_NAME = /^(?:key_id|idempotency_key|dedup_key|fairness_key|business_key|zone_key|input_token|output_token)$/i;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g, REDACTED],
  [/\b(?:Bearer|Basic)\s+[\w.~+/-]+=*/gi, REDACTED],
  [/\bwb_(?:live|test)_\w+/g, REDACTED],
  [/\b(?:sk|rk|pk|whsec)_(?:live_|test_)?\w{8,}/g, REDACTED],
  [/\bsk-[\w-]{16,}/g, REDACTED],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, `$1${REDACTED}@`],
  [/\b([A-Z][A-Z0-9_]*(?:KEY|SECRET|TOKEN|PASSWORD)S?)=\S+/g, `$1=${REDACTED}`],
  // A Solana secret key: 64 bytes in base58.
  [/\b[1-9A-HJ-NP-Za-km-z]{86,88}\b/g, REDACTED],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, REDACTED],
];

export const redactText = (text: string): string => PATTERNS.reduce((rest, [pattern, by]) => rest.replace(pattern, by), text);

const DEEPEST = 6;

/** A copy for the log: secret names lose their values, texts lose what looks like a secret. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '[deeper]';
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return '[bytes]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, isSecretName(name) && held !== undefined && held !== null ? REDACTED : redactValue(held, depth + 1)]));
}

const isSecretName = (name: string): boolean => SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
