import canonicalize from 'canonicalize';

export const REPORT_SCHEMA = 'wattbook/energy-report/v1';
/** `previous_sha256` of a boot's first report (M-32). */
export const NO_PREVIOUS = `sha256:${'0'.repeat(64)}`;

export type Hardware = 'real' | 'simulated';
export type ReportMethod = 'nvml_counter' | 'nvml_power' | 'dcgm' | 'rapl' | 'model';
export type ReportGrade = 'measured' | 'modelled';

/** M-37: a counter measures, a model models; nothing else decides the grade. */
export const gradeOf = (method: ReportMethod): ReportGrade => (method === 'model' ? 'modelled' : 'measured');

/** What one unnamed job drew; `job` is its salted commitment (W-20), energies are mJ as decimal text. */
export interface JobLine {
  readonly job: string;
  readonly energy_mj: string;
}

export interface PartReading {
  readonly energy_mj: string;
  readonly idle_mj: string;
  readonly jobs: readonly JobLine[];
}

export interface DeviceReading extends PartReading {
  readonly device_id: string;
}

/** W-20: one report per node and interval; it names nobody, so the whole of it fits into every tenant's receipt. */
export interface EnergyReport {
  readonly schema: typeof REPORT_SCHEMA;
  readonly node_id: string;
  readonly key_id: string;
  readonly boot_id: string;
  readonly sequence: number;
  readonly interval_start: string;
  readonly interval_end: string;
  readonly issued_at: string;
  readonly nonce: string;
  readonly server_nonce: string;
  readonly hardware: Hardware;
  readonly time_scale: number;
  readonly grade: ReportGrade;
  readonly method: ReportMethod;
  readonly devices: readonly DeviceReading[];
  readonly host: PartReading;
  readonly previous_sha256: string;
  readonly signature: string;
}

/** What opens one line: not signed, its hash binds it (W-21). */
export interface Opening {
  readonly job: string;
  readonly job_id: string;
  readonly fence: number;
  readonly salt: string;
}

/** How reports travel and lie in the spool (W-19). */
export interface ReportWithOpenings {
  readonly report: EnergyReport;
  readonly openings: readonly Opening[];
}

const text = new TextEncoder();

/** RFC 8785 bytes: what is signed and hashed. Lone surrogates, NaN and infinities throw. */
export const canonicalBytes = (value: object): Uint8Array => text.encode(canonicalize(value));

/**
 * Both texts of a whole report: what its node signed, and the RFC 8785 text that is hashed and stored. The members of W-20 are
 * written out in their order: thousands of reports are read in a batch, and a general canonicalizer costs as much as the signature.
 */
export function canonicalReport(report: EnergyReport): { readonly message: string; readonly whole: string } {
  const { boot_id, devices, grade, hardware, host, interval_end, interval_start, issued_at, key_id, method, node_id, nonce, previous_sha256, schema, sequence, server_nonce, signature, time_scale } = report;
  const before =
    `{"boot_id":${quote(boot_id)},"devices":[${devices.map(deviceText).join()}],"grade":${quote(grade)},"hardware":${quote(hardware)},"host":{${partText(host)}}` +
    `,"interval_end":${quote(interval_end)},"interval_start":${quote(interval_start)},"issued_at":${quote(issued_at)},"key_id":${quote(key_id)},"method":${quote(method)},"node_id":${quote(node_id)}` +
    `,"nonce":${quote(nonce)},"previous_sha256":${quote(previous_sha256)},"schema":${quote(schema)},"sequence":${JSON.stringify(sequence)},"server_nonce":${quote(server_nonce)}`;
  const after = `,"time_scale":${JSON.stringify(time_scale)}}`;
  return { message: `${REPORT_SCHEMA}\n${before}${after}`, whole: `${before},"signature":${quote(signature)}${after}` };
}

/** What most texts of a report are: nothing in them has to be escaped. */
const PLAIN = /^[\w:.+ -]*$/;

function quote(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw new Error('RFC 8785 has no form for a lone surrogate; send well-formed text.');
  return JSON.stringify(value);
}

const deviceText = (device: DeviceReading): string => `{"device_id":${quote(device.device_id)},${partText(device)}}`;
const partText = ({ energy_mj, idle_mj, jobs }: PartReading): string =>
  `"energy_mj":${quote(energy_mj)},"idle_mj":${quote(idle_mj)},"jobs":[${jobs.map(({ job, energy_mj: drawn }) => `{"energy_mj":${quote(drawn)},"job":${quote(job)}}`).join()}]`;

/** W-21: the bytes that the node's key signs. */
export function messageToSign(report: Omit<EnergyReport, 'signature'>): Uint8Array {
  const { signature: _unsigned, ...body } = report as EnergyReport;
  return text.encode(`${REPORT_SCHEMA}\n${canonicalize(body)}`);
}

/** W-20: the bytes whose SHA-256, as unpadded base64url, is the job's name in one report. */
export const commitmentText = ({ fence, job_id, salt }: Omit<Opening, 'job'>): Uint8Array =>
  // Three members in RFC 8785's order, written out: eight of these are hashed for every report.
  text.encode(`wattbook/job/v1\n{"fence":${fence},"job_id":${JSON.stringify(job_id)},"salt":${JSON.stringify(salt)}}`);

/** W-13: what a node signs to prove that it holds the key it registers. */
export const registrationText = (enrolmentToken: string): Uint8Array => text.encode(`wattbook/register/v1\n${enrolmentToken}`);

export const partsOf = (report: Pick<EnergyReport, 'devices' | 'host'>): readonly PartReading[] => [...report.devices, report.host];

/** The different jobs that a report lists, on its devices and its host. */
export const jobsOf = (report: Pick<EnergyReport, 'devices' | 'host'>): ReadonlySet<string> => new Set(partsOf(report).flatMap(({ jobs }) => jobs.map(({ job }) => job)));
