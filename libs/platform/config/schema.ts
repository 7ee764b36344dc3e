import { z } from 'zod';
import type { Variable } from './variable.ts';
import { gridVariables } from './variables/grid.ts';
import { moneyVariables } from './variables/money.ts';
import { nodeVariables, siteVariables } from './variables/nodes.ts';
import { adapterVariables, telemetryVariables } from './variables/outside.ts';
import { processVariables } from './variables/process.ts';
import { databaseVariables, keyVariables, temporalVariables } from './variables/stores.ts';

/** The complete table of O-33, in the groups of the documentation. */
export const groups = {
  Process: processVariables,
  Database: databaseVariables,
  Temporal: temporalVariables,
  Keys: keyVariables,
  'Money and credits': moneyVariables,
  Grid: gridVariables,
  'Nodes and sites': { ...nodeVariables, ...siteVariables },
  'Optional adapters': adapterVariables,
  Telemetry: telemetryVariables,
} as const;

const variables = {
  ...processVariables, ...databaseVariables, ...temporalVariables, ...keyVariables, ...moneyVariables,
  ...gridVariables, ...nodeVariables, ...siteVariables, ...adapterVariables, ...telemetryVariables,
};

type Value<V> = V extends Variable<infer T> ? T : never;

/** What a process is told, read once and never changed afterwards. */
export type Config = { readonly [K in keyof typeof variables]: Value<(typeof variables)[K]> };
export type Field = keyof Config;

export const fields = Object.keys(variables) as Field[];
export const variableOf = (field: Field): Variable<unknown> => variables[field];
export const byName: ReadonlyMap<string, Variable<unknown>> = new Map(fields.map((field) => [variableOf(field).name, variableOf(field)]));

/** O-27: the one schema; keys are the names in the environment. */
export const configSchema = z.object(Object.fromEntries([...byName.values()].map(({ name, form }) => [name, form.schema.optional()])));
