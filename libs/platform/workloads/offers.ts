import { sql } from 'kysely';
import { GPUS } from '#domain/fleet/gpus';
import type { PowerModel } from '#domain/fleet/power';
import { microUsd, microUsdPerMwh, pueE4 } from '#domain/quantities/quantities';
import type { NodeOffer } from '#domain/routing/types';
import { rows, type SqlEntityManager } from '#platform/db/in-org';

interface NodeRow {
  readonly id: string;
  readonly slug: string;
  readonly owner_kind: 'datacenter' | 'gamer';
  readonly zone: string;
  readonly gpu_model: string;
  readonly gpu_memory_gb: number;
  readonly gpus: number;
  readonly gpus_reserved: number;
  readonly price_micro_usd_per_gpu_hour: string;
  readonly energy_adder_micro_usd_per_mwh: string;
  readonly pue_e4: number;
  readonly power_model: PowerModel;
  readonly hardware: 'real' | 'simulated';
  readonly trust_e3: number;
  readonly state: NodeOffer['state'];
}

/** Every node that is not gone for good, as placement sees it. A node without a power model has never registered and offers nothing. */
export async function loadOffers(em: SqlEntityManager): Promise<NodeOffer[]> {
  const found = await rows(em, sql<NodeRow>`
    select id, slug, owner_kind, zone, gpu_model, gpu_memory_gb, gpus, gpus_reserved, price_micro_usd_per_gpu_hour, energy_adder_micro_usd_per_mwh,
           pue_e4, power_model, hardware, trust_e3, state
      from nodes where state <> 'retired' and power_model <> '{}' order by slug`);
  return found.map(toOffer);
}

const toOffer = (row: NodeRow): NodeOffer => ({
  id: row.id,
  slug: row.slug,
  zone: row.zone,
  ownerKind: row.owner_kind === 'gamer' ? 'owner_gamer' : 'owner_datacenter',
  gpuModel: row.gpu_model,
  gpuMemoryGb: row.gpu_memory_gb,
  gpus: row.gpus,
  gpusReserved: row.gpus_reserved,
  state: row.state,
  trust: row.trust_e3,
  pueE4: pueE4(BigInt(row.pue_e4)),
  priceMicroUsdPerGpuHour: microUsd(BigInt(row.price_micro_usd_per_gpu_hour)),
  energyAdderMicroUsdPerMwh: microUsdPerMwh(BigInt(row.energy_adder_micro_usd_per_mwh)),
  power: row.power_model,
  // A model outside the table has no known speed: it is taken for an H100's, and its owner sees so in the estimate.
  speedE3: GPUS[row.gpu_model]?.speedE3 ?? 1_000,
  hardware: row.hardware,
});
