import { z } from 'zod';
import { GRID_ZONES } from '#domain/grid/zones';

const zoneKeys = GRID_ZONES.map(({ zone }) => zone);
const printable = /^[^\p{Cc}]*$/u;

export const PatchOrganization = z
  .strictObject({
    name: z.string().min(1).max(120).regex(printable, 'must not hold control characters').optional(),
    home_zone: z.enum(zoneKeys as [string, ...string[]]).optional(),
    residency: z.enum(['EU', 'UK', 'US', 'any']).optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'must name at least one member to change')
  .meta({ id: 'PatchOrganization' });
export type PatchOrganization = z.output<typeof PatchOrganization>;
