/** W-48's parameters of one zone. Shares are of `demandMw`; `tz` is the standard time's offset in hours, all year. */
export interface SimulatedZone {
  readonly zone: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly tz: number;
  /** Zones of one region share 60 % of their weather. */
  readonly region: string;
  readonly demandMw: number;
  readonly imports: number;
  readonly nuclear: number;
  readonly biomass: number;
  readonly hydro: number;
  readonly oil: number;
  readonly coal: number;
  /** Thermal plant that runs whatever the sun does. */
  readonly thermalMin: number;
  readonly exports: number;
  readonly solarMw: number;
  readonly windMw: number;
  /** How much demand grows in winter; below 0 it grows in summer. */
  readonly heat: number;
  /** USD/MWh. */
  readonly basePrice: number;
}

type Row = [zone: string, lat: number, lon: number, tz: number, region: string, ...shares: number[]];

const zone = ([key, latitude, longitude, tz, region, ...rest]: Row): SimulatedZone => {
  const [demandMw, imports, nuclear, biomass, hydro, oil, coal, thermalMin, exports, solarMw, windMw, heat, basePrice] = rest as [
    number, number, number, number, number, number, number, number, number, number, number, number, number,
  ];
  return { zone: key, latitude, longitude, tz, region, demandMw, imports, nuclear, biomass, hydro, oil, coal, thermalMin, exports, solarMw, windMw, heat, basePrice };
};

/** The table of W-48; its yearly means are held to W-49's published ones by test/conformance/grid-calibration.test.ts. */
export const SIMULATED_ZONES: readonly SimulatedZone[] = [
  //    φ     lon   tz             D  imp    nuc   bio   hyd   oil   coal gmin  exp      S      W  heat   p0
  zone(['FR', 46.6, 2.4, 1, 'EU', 51000, 0, 0.7, 0.018, 0.105, 0.014, 0.004, 0.01, 0.2, 18500, 20500, 0.07, 112]),
  zone(['DE', 51.0, 10.4, 1, 'EU', 53000, 0.02, 0.017, 0.096, 0.04, 0.066, 0.5, 0.12, 0.08, 53000, 51000, 0.06, 92]),
  zone(['ES', 40.2, -3.7, 1, 'EU', 28000, 0, 0.21, 0.022, 0.08, 0.036, 0.014, 0.06, 0.14, 32000, 27500, 0.03, 88]),
  zone(['PT', 39.6, -8.0, 0, 'EU', 5800, 0.18, 0, 0.085, 0.25, 0.028, 0, 0.04, 0.15, 4200, 6900, 0.04, 88]),
  zone(['NL', 52.2, 5.5, 1, 'EU', 13500, 0, 0.033, 0.066, 0, 0.034, 0.05, 0.06, 0.16, 20500, 14500, 0.05, 84]),
  zone(['BE', 50.7, 4.6, 1, 'EU', 9400, 0, 0.43, 0.04, 0.005, 0.036, 0, 0.04, 0.16, 7500, 7600, 0.06, 106]),
  zone(['IT', 42.8, 12.5, 1, 'EU', 34000, 0.15, 0, 0.085, 0.145, 0.057, 0.053, 0.18, 0.1, 24500, 11000, 0.02, 120]),
  zone(['GB', 53.0, -1.5, 0, 'EU', 31500, 0.08, 0.14, 0.115, 0.018, 0.036, 0.014, 0.05, 0.1, 11500, 34500, 0.07, 96]),
  zone(['US-CAL-CISO', 36.8, -119.8, -8, 'US-W', 25000, 0.22, 0.12, 0.015, 0.075, 0.004, 0, 0.06, 0.1, 32000, 9000, -0.06, 38]),
  zone(['US-NY-NYIS', 42.9, -75.5, -5, 'US-E', 17000, 0.1, 0.225, 0.02, 0.2, 0.062, 0, 0.12, 0.1, 900, 2100, -0.04, 44]),
  zone(['US-TEX-ERCO', 31.0, -99.0, -6, 'US-C', 46000, 0, 0.105, 0.004, 0.003, 0.002, 0.195, 0.08, 0.06, 11500, 44500, -0.08, 28]),
];

/** @returns undefined for a zone that nobody has modelled; its chain needs another source. */
export const simulatedZone = (key: string): SimulatedZone | undefined => SIMULATED_ZONES.find((one) => one.zone === key);
