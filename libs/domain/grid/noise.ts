const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const TWO_32 = 4_294_967_296;

/**
 * W-47: a fraction in [0, 1) that is fixed by its four names: FNV-1a over the ASCII text `seed|key|channel|k`, then murmur's
 * finaliser, because FNV alone leaves neighbouring k too alike.
 */
export function fraction(seed: number, key: string, channel: string, k: number): number {
  const text = `${seed}|${key}|${channel}|${k}`;
  let h = FNV_OFFSET;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), FNV_PRIME);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return (h >>> 0) / TWO_32;
}

/** W-47: smooth noise in [−1, 1] at `t` hours since 1970 with a new value each `period` hours; `s` joins them without a kink. */
export function noise(seed: number, key: string, channel: string, period: number, t: number): number {
  const k = Math.floor(t / period);
  const f = t / period - k;
  const s = f * f * (3 - 2 * f);
  const from = fraction(seed, key, channel, k);
  return 2 * (from + (fraction(seed, key, channel, k + 1) - from) * s) - 1;
}
