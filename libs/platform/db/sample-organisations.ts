/** W-6, W-7: the sample organisations of local and test mode. Fixed ids, so that seeding again changes nothing. */
export interface SampleOrganisation {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly kind: 'customer' | 'owner_datacenter' | 'owner_gamer' | 'platform';
  readonly homeZone: string;
  readonly residency: 'EU' | 'UK' | 'US' | 'any';
}

export const sampleId = (group: number, n: number): string => `019a0000-0000-7000-8${group.toString(16).padStart(3, '0')}-${n.toString(16).padStart(12, '0')}`;

const LIST: readonly (readonly [slug: string, name: string, kind: SampleOrganisation['kind'], zone: string, residency: SampleOrganisation['residency']])[] = [
  ['platform', 'Wattbook platform', 'platform', 'FR', 'any'],
  ['aurora-labs', 'Aurora Labs', 'customer', 'DE', 'EU'],
  ['bluefin-robotics', 'Bluefin Robotics', 'customer', 'US-CAL-CISO', 'any'],
  ['cobalt-genomics', 'Cobalt Genomics', 'customer', 'GB', 'UK'],
  ['delta-media', 'Delta Media', 'customer', 'ES', 'any'],
  ['hexagon-compute', 'Hexagon Compute', 'owner_datacenter', 'FR', 'any'],
  ['rhein-rechen', 'Rhein Rechen', 'owner_datacenter', 'DE', 'any'],
  ['iberia-cloud', 'Iberia Cloud', 'owner_datacenter', 'ES', 'any'],
  ['alpine-channel', 'Alpine Channel', 'owner_datacenter', 'GB', 'any'],
  ['pacific-gulf', 'Pacific Gulf', 'owner_datacenter', 'US-CAL-CISO', 'any'],
  ['gamer-ada', 'Ada', 'owner_gamer', 'US-NY-NYIS', 'any'],
  ['gamer-bo', 'Bo', 'owner_gamer', 'FR', 'any'],
  ['gamer-cleo', 'Cleo', 'owner_gamer', 'DE', 'any'],
  ['gamer-dario', 'Dario', 'owner_gamer', 'ES', 'any'],
];

export const SAMPLE_ORGANISATIONS: readonly SampleOrganisation[] = LIST.map(([slug, name, kind, homeZone, residency], n) => ({ id: sampleId(0, n), slug, name, kind, homeZone, residency }));

export interface SampleNode {
  readonly id: string;
  readonly slug: string;
  readonly owner: string;
  readonly kind: 'datacenter' | 'gamer';
  readonly zone: string;
  readonly gpus: number;
  readonly gpuModel: string;
  readonly priceMicroUsdPerGpuHour: number;
  readonly pueE4: number;
}

const NODES: readonly (readonly [slug: string, owner: string, zone: string, gpus: number, gpuModel: string, price: number, pueE4: number])[] = [
  ['fr-paris-1', 'hexagon-compute', 'FR', 8, 'h100-sxm-80', 2_400_000, 11_500],
  ['de-frankfurt-1', 'rhein-rechen', 'DE', 8, 'h100-sxm-80', 2_600_000, 12_000],
  ['es-madrid-1', 'iberia-cloud', 'ES', 8, 'a100-sxm-80', 1_450_000, 12_200],
  ['pt-sines-1', 'iberia-cloud', 'PT', 8, 'h100-sxm-80', 2_350_000, 11_200],
  ['nl-amsterdam-1', 'rhein-rechen', 'NL', 8, 'l40s-48', 1_050_000, 11_700],
  ['be-brussels-1', 'hexagon-compute', 'BE', 4, 'a100-sxm-80', 1_500_000, 11_800],
  ['it-milan-1', 'alpine-channel', 'IT', 4, 'l40s-48', 1_000_000, 12_500],
  ['gb-london-1', 'alpine-channel', 'GB', 8, 'h200-sxm-141', 3_400_000, 11_800],
  ['us-ca-1', 'pacific-gulf', 'US-CAL-CISO', 8, 'h100-sxm-80', 2_500_000, 11_400],
  ['us-tx-1', 'pacific-gulf', 'US-TEX-ERCO', 8, 'h200-sxm-141', 2_950_000, 11_600],
  ['gamer-ny-1', 'gamer-ada', 'US-NY-NYIS', 1, 'rtx4090-24', 400_000, 10_000],
  ['gamer-fr-1', 'gamer-bo', 'FR', 1, 'rtx4080-16', 280_000, 10_000],
  ['gamer-de-1', 'gamer-cleo', 'DE', 1, 'rtx3090-24', 200_000, 10_000],
  ['gamer-es-1', 'gamer-dario', 'ES', 1, 'rtx4090-24', 380_000, 10_000],
];

export const SAMPLE_NODES: readonly SampleNode[] = NODES.map(([slug, owner, zone, gpus, gpuModel, priceMicroUsdPerGpuHour, pueE4], n) => ({
  id: sampleId(1, n + 1), slug, owner, kind: slug.startsWith('gamer-') ? 'gamer' : 'datacenter', zone, gpus, gpuModel, priceMicroUsdPerGpuHour, pueE4,
}));
