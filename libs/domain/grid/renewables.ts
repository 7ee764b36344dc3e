import type { Technology, SignalKind } from './signal.ts';

interface Said {
  readonly kind: SignalKind;
  readonly fuel: Technology | null;
  readonly source: string;
  readonly value: bigint;
}

const OTHERS: readonly Technology[] = ['hydro', 'biomass', 'geothermal'];

/**
 * W-53: solar + wind + hydro + biomass + geothermal of one source, in kW, from the rows of one interval. Solar and wind must
 * both be known, because they are what a surplus is made of and unknown is not zero; the others count where the zone has them.
 */
export function renewablesKw(rows: readonly Said[]): bigint | null {
  const generation = rows.filter((row) => row.kind === 'generation');
  const total = generation.find((row) => row.fuel === 'renewable');
  if (total) return total.value;
  const wind = generation.find((row) => row.fuel === 'wind');
  const from = (fuel: Technology) => generation.find((row) => row.fuel === fuel && row.source === wind?.source)?.value;
  const solar = from('solar');
  if (!wind || solar === undefined) return null;
  return OTHERS.reduce((sum, fuel) => sum + (from(fuel) ?? 0n), wind.value + solar);
}
