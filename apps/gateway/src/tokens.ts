/** What is injected by name, because types leave no trace at run time: `@Inject(DATABASE) private readonly database: Database`. */
export const DATABASE = Symbol('Database of #platform/db/in-org');
export const TEMPORAL = Symbol('TemporalLink of #platform/temporal/link');
export const CONFIG = Symbol('GatewayConfig');
export const LOGGER = Symbol('Logger of #platform/telemetry/logger');
export const METRICS = Symbol('Metrics of #platform/telemetry/metrics');
