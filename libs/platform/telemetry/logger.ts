import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import { logContext } from './context.ts';
import { redactText, redactValue } from './redact.ts';

/** Every line names an event, a dotted code; `err` becomes error.code, error.type and error.stack. */
export interface LogFields {
  readonly event: string;
  readonly err?: unknown;
  readonly [field: string]: unknown;
}

type Write = (fields: LogFields, message: string) => void;

/** Levels as in O-37: error needs a person, warn is degraded or refused for our reasons, info is a business fact. */
export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

export interface LoggerOptions {
  readonly service: string;
  readonly environment: string;
  readonly level: string;
  readonly instance?: string | undefined;
  readonly version?: string;
}

/** O-34: one JSON object a line on stdout. O-35: secrets go by field name and by form, in text as well as in values. */
export function createLogger({ service, environment, level, instance, version = '0.1.0' }: LoggerOptions, destination?: DestinationStream): Logger {
  const log: Pino = pino({
    level,
    base: { service, version, environment, instance: instance ?? `${process.pid}` },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }), log: (fields) => redactValue({ ...loggedContext(), ...fields }) as Record<string, unknown> },
  }, destination ?? pino.destination({ fd: 1, sync: true }));
  const write = (method: 'debug' | 'info' | 'warn' | 'error'): Write => ({ err, ...fields }, message) =>
    log[method]({ ...fields, ...(err === undefined ? {} : errorFields(err)) }, redactText(message));
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

/** Where a request came from is personal: the audit's side table holds it, the log does not. */
function loggedContext() {
  const { ip: _ip, user_agent: _userAgent, ...logged } = logContext();
  return logged;
}

function errorFields(error: unknown) {
  if (!(error instanceof Error)) return { 'error.type': typeof error, 'error.code': String(error) };
  const code: unknown = (error as { code?: unknown }).code;
  return { 'error.type': error.name, 'error.code': typeof code === 'string' || typeof code === 'number' ? String(code) : error.message, 'error.stack': error.stack };
}

/** For tests of parts that log on the way. */
export const silentLogger: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
