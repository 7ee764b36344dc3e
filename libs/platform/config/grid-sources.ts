import { form, Wrong, type Form } from './form.ts';

export const GRID_SOURCES = ['simulated', 'replay', 'electricity-maps', 'watttime', 'uk-carbon-intensity', 'entsoe', 'eia'] as const;
export type GridSource = (typeof GRID_SOURCES)[number];

/** Which sources are asked, in order: `every` for zones that have no chain of their own. */
export interface SourceChains {
  readonly every: readonly GridSource[];
  readonly zones: Readonly<Record<string, readonly GridSource[]>>;
}

export const sourcesOf = ({ every, zones }: SourceChains, zone: string): readonly GridSource[] => zones[zone] ?? every;

export const sourcesNamed = ({ every, zones }: SourceChains): ReadonlySet<GridSource> => new Set([every, ...Object.values(zones)].flat());

const TEXT = `one chain for every zone (source,source), or with exceptions: chain;ZONE=chain;… — sources: ${GRID_SOURCES.join(', ')}`;

export const sourceChains: Form<SourceChains> = form(TEXT, 'simulated;GB=uk-carbon-intensity,simulated', (value) => {
  const zones: Record<string, readonly GridSource[]> = {};
  let every: readonly GridSource[] | undefined;
  for (const part of value.split(';').map((one) => one.trim())) {
    const [zone, names] = part.includes('=') ? [part.slice(0, part.indexOf('=')).trim(), part.slice(part.indexOf('=') + 1)] : [undefined, part];
    const chain = readChain(names);
    if (chain instanceof Wrong) return chain;
    if (zone === undefined && every) return new Wrong('has two chains for every zone');
    if (zone !== undefined && (!/^[A-Z]{2}(-[A-Z0-9]+)*$/.test(zone) || zones[zone])) return new Wrong('has a zone twice or one that is no zone key');
    if (zone === undefined) every = chain;
    else zones[zone] = chain;
  }
  return { every: every ?? ['simulated'], zones };
});

function readChain(text: string): readonly GridSource[] | Wrong {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.some((name) => !(GRID_SOURCES as readonly string[]).includes(name));
  if (unknown) return new Wrong('names a source that does not exist');
  return new Set(names).size === names.length ? (names as GridSource[]) : new Wrong('names a source twice in one chain');
}
