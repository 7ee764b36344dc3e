/**
 * What the schema of energy reports says, written out: a batch has some ten thousand values, and a general validator, which also copies
 * them, took as long as their signatures. A property test holds the two against each other; the schema alone says what is wrong.
 */
export const MILLIJOULES = /^(0|[1-9]\d{0,30})$/;
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;
export const COMMITMENT = /^[A-Za-z0-9_-]{43}$/;
export const NONCE = /^[A-Za-z0-9_-]{22}$/;
export const SHA256 = /^(sha256:)?[0-9a-f]{64}$/;
/** Of RFC 9562, with the nil and the max UUID left to the schema. */
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$/;
const HARDWARE: ReadonlySet<unknown> = new Set(['real', 'simulated']);
const GRADES: ReadonlySet<unknown> = new Set(['measured', 'modelled']);
const METHODS: ReadonlySet<unknown> = new Set(['nvml_counter', 'nvml_power', 'dcgm', 'rapl', 'model']);

type Members = Readonly<Record<string, unknown>>;

/** An object of exactly so many members: each of them is looked at by name, so none is missing and none unknown. */
const has = (value: unknown, members: number): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === members;
const like = (value: unknown, form: RegExp): boolean => typeof value === 'string' && form.test(value);
const isName = (value: unknown): boolean => typeof value === 'string' && value.length >= 1 && value.length <= 200;
const isTime = (value: unknown): boolean => typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));
const isInteger = (value: unknown, most = Number.MAX_SAFE_INTEGER): boolean => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most;
const list = (value: unknown, least: number, most: number, each: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length >= least && value.length <= most && value.every((one) => each(one));

const isLine = (value: unknown): boolean => has(value, 2) && like(value['job'], COMMITMENT) && like(value['energy_mj'], MILLIJOULES);
const isPart = (value: Members): boolean => like(value['energy_mj'], MILLIJOULES) && like(value['idle_mj'], MILLIJOULES) && list(value['jobs'], 0, 64, isLine);
const isDevice = (value: unknown): boolean => has(value, 4) && isName(value['device_id']) && isPart(value);
const isOpening = (value: unknown): boolean =>
  has(value, 4) && like(value['job'], COMMITMENT) && isName(value['job_id']) && isInteger(value['fence']) && like(value['salt'], NONCE);

const isReport = (value: unknown): boolean =>
  has(value, 18) &&
  value['schema'] === 'wattbook/energy-report/v1' &&
  like(value['node_id'], UUID) && isName(value['key_id']) && isName(value['boot_id']) &&
  isInteger(value['sequence']) &&
  isTime(value['interval_start']) && isTime(value['interval_end']) && isTime(value['issued_at']) &&
  like(value['nonce'], NONCE) && like(value['server_nonce'], NONCE) &&
  HARDWARE.has(value['hardware']) && isInteger(value['time_scale'], 3_600) && GRADES.has(value['grade']) && METHODS.has(value['method']) &&
  list(value['devices'], 1, 64, isDevice) && has(value['host'], 3) && isPart(value['host']) &&
  like(value['previous_sha256'], SHA256) && typeof value['signature'] === 'string' && value['signature'].length <= 100;

const isReportWithOpenings = (value: unknown): boolean => has(value, 2) && isReport(value['report']) && list(value['openings'], 0, 64, isOpening);

export const areEnergyReports = (value: unknown): boolean => has(value, 1) && list(value['reports'], 1, 1_000, isReportWithOpenings);
