/** What a kilowatt-hour can be made of. `other` is what a source could not name. */
export const FUELS = ['nuclear', 'hydro', 'wind', 'solar', 'biomass', 'geothermal', 'coal', 'gas', 'oil', 'other'] as const;
export type Fuel = (typeof FUELS)[number];

export interface EmissionFactors {
  readonly version: string;
  /** g CO2e per kWh over the life cycle: fuel chain, plant and all. */
  readonly lifecycle: Readonly<Record<Fuel, number>>;
  /** g CO2 per kWh at the stack. */
  readonly direct: Readonly<Record<Fuel, number>>;
}

/** W-46: one table for simulation, ENTSO-E and EIA. A change is a new version beside this one, never an edit: old rows were made with it. */
export const FACTORS_2026_1: EmissionFactors = {
  version: 'ef-2026.1',
  lifecycle: { nuclear: 12, hydro: 24, wind: 11, solar: 45, biomass: 230, geothermal: 38, coal: 820, gas: 490, oil: 650, other: 650 },
  direct: { nuclear: 0, hydro: 0, wind: 0, solar: 0, biomass: 0, geothermal: 0, coal: 760, gas: 370, oil: 406, other: 406 },
};

/** g/kWh of a production mix in any one unit of power: Σ factor × power ÷ Σ power. 0 where nothing is produced. */
export function mixIntensity(mix: Readonly<Partial<Record<Fuel, number>>>, factors: Readonly<Record<Fuel, number>>): number {
  let emitted = 0;
  let produced = 0;
  for (const fuel of FUELS) {
    const power = mix[fuel] ?? 0;
    emitted += factors[fuel] * power;
    produced += power;
  }
  return produced > 0 ? emitted / produced : 0;
}
