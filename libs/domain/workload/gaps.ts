/** Milliseconds since 1970, end exclusive. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The parts of `whole` that no span of `covered` holds, in order; `covered` may overlap and come in any order. */
export function holesOf(whole: Span, covered: readonly Span[]): Span[] {
  const holes: Span[] = [];
  let at = whole.fromMs;
  for (const { fromMs, toMs } of [...covered].sort((a, b) => a.fromMs - b.fromMs)) {
    if (fromMs > at) holes.push({ fromMs: at, toMs: Math.min(fromMs, whole.toMs) });
    at = Math.max(at, toMs);
    if (at >= whole.toMs) return holes.filter((hole) => hole.toMs > hole.fromMs);
  }
  holes.push({ fromMs: at, toMs: whole.toMs });
  return holes.filter((hole) => hole.toMs > hole.fromMs);
}

/** Cuts a span at every multiple of `lengthMs`: signal intervals are aligned to it. */
export function cutByInterval({ fromMs, toMs }: Span, lengthMs: number): Span[] {
  const parts: Span[] = [];
  for (let at = fromMs; at < toMs; ) {
    const end = Math.min(toMs, (Math.floor(at / lengthMs) + 1) * lengthMs);
    parts.push({ fromMs: at, toMs: end });
    at = end;
  }
  return parts;
}
