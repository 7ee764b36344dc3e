import { pino, type Logger } from 'pino';

export type { Logger };

/** One JSON object a line on stdout with the fields of O-34; what is never logged is simply never given to it. */
export const createLog = (environment: string, slug: string, level = 'info'): Logger =>
  pino({
    level,
    base: { service: 'node-agent', version: AGENT_VERSION, environment, instance: slug },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });

export const AGENT_VERSION = '0.1.0';
