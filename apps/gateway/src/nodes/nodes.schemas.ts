import { z } from 'zod';
import { listQuery } from '../http/pages.ts';
import { quickly } from '../http/validation.ts';
import { areEnergyReports, COMMITMENT, MILLIJOULES, NONCE, SHA256, TIME } from './energy-reports.check.ts';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and dashes');
const amount = z.string().regex(/^\d{1,15}$/, 'must be a whole number as text');
const token = z.string().min(20).max(200);
const watts = z.int().min(0).max(1_000_000);
const name = z.string().min(1).max(200);

export const NodeList = listQuery({
  zone: z.string().max(40).optional(),
  state: z.enum(['provisioning', 'online', 'degraded', 'draining', 'silent', 'offline', 'quarantined', 'retired']).optional(),
});
export type NodeList = z.output<typeof NodeList>;

export const CreateEnrolment = z
  .strictObject({ slug, zone: z.string().min(1).max(40), kind: z.enum(['datacenter', 'gamer']), price_micro_usd_per_gpu_hour: amount, pue_e4: z.int().min(10_000).max(50_000).default(10_000) })
  .meta({ id: 'CreateEnrolment' });
export type CreateEnrolment = z.output<typeof CreateEnrolment>;

const PublicJwk = z.strictObject({ kty: z.string().max(10), crv: z.string().max(20), x: z.string().max(100) });

export const RegisterNode = z
  .strictObject({
    enrolment_token: token,
    public_key: PublicJwk,
    proof: z.string().max(200).describe('base64url of the signature over "wattbook/register/v1\\n" and the token'),
    address: z.url({ protocol: /^https?$/ }).max(300),
    agent_version: z.string().min(1).max(60),
    hardware: z.enum(['real', 'simulated']),
    time_scale: z.int().min(1).max(3_600),
    gpus: z.array(z.strictObject({ uuid: name, model: name, memory_gb: z.int().min(1).max(1_024) })).min(1).max(64)
      .refine((gpus) => new Set(gpus.map(({ model, memory_gb }) => `${model} ${memory_gb}`)).size === 1, 'GPUs of a node are alike; enrol others as a node of their own')
      .refine((gpus) => new Set(gpus.map(({ uuid }) => uuid)).size === gpus.length, 'each GPU has a uuid of its own'),
    host: z.strictObject({ model: name, cpus: z.int().min(1).max(4_096), memory_gb: z.int().min(1).max(100_000) }),
    power_model: z.strictObject({ version: name, host_idle_w: watts, host_max_w: watts, gpu_idle_w: watts, gpu_max_w: watts })
      .refine(({ host_idle_w, host_max_w, gpu_idle_w, gpu_max_w }) => host_idle_w <= host_max_w && gpu_idle_w <= gpu_max_w, 'idle power must not be above maximum power'),
    models: z.array(name).max(200),
  })
  .meta({ id: 'RegisterNode' });
export type RegisterNode = z.output<typeof RegisterNode>;

export const ChangeNodeKey = z
  .strictObject({ public_key: PublicJwk, proof: z.string().max(200).describe('by the new key'), signature: z.string().max(200).describe('by the key in force') })
  .meta({ id: 'ChangeNodeKey' });
export type ChangeNodeKey = z.output<typeof ChangeNodeKey>;

export const Heartbeat = z
  .strictObject({
    boot_id: name,
    sequence: z.int().min(0),
    availability: z.enum(['available', 'owner_in_use', 'draining']),
    meter: z.enum(['ok', 'no_reading']),
    gpus_free: z.int().min(0).max(64),
    jobs: z.array(z.strictObject({ job_id: name, fence: z.int().min(1), state: z.string().max(30), units_done: z.int().min(0) })).max(200),
  })
  .meta({ id: 'Heartbeat' });
export type Heartbeat = z.output<typeof Heartbeat>;

const mj = z.string().regex(MILLIJOULES, 'must be whole millijoules as text, not negative');
const time = z.string().regex(TIME, 'must be RFC 3339 in UTC').refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time');
const commitment = z.string().regex(COMMITMENT, 'must be base64url of 32 bytes');
const nonce = z.string().regex(NONCE, 'must be base64url of 16 bytes');
const part = { energy_mj: mj, idle_mj: mj, jobs: z.array(z.strictObject({ job: commitment, energy_mj: mj })).max(64) };

const Report = z.strictObject({
  schema: z.literal('wattbook/energy-report/v1'),
  node_id: z.uuid(), key_id: name, boot_id: name,
  sequence: z.int().min(1),
  interval_start: time, interval_end: time, issued_at: time,
  nonce, server_nonce: nonce,
  hardware: z.enum(['real', 'simulated']),
  time_scale: z.int().min(1).max(3_600),
  grade: z.enum(['measured', 'modelled']),
  method: z.enum(['nvml_counter', 'nvml_power', 'dcgm', 'rapl', 'model']),
  devices: z.array(z.strictObject({ device_id: name, ...part })).min(1).max(64),
  host: z.strictObject(part),
  previous_sha256: z.string().regex(SHA256, 'must be a SHA-256 in hex'),
  signature: z.string().max(100),
});

const schema = z
  .strictObject({
    reports: z.array(z.strictObject({
      report: Report,
      openings: z.array(z.strictObject({ job: commitment, job_id: name, fence: z.int().min(1), salt: nonce })).max(64),
    })).min(1).max(1_000),
  })
  .meta({ id: 'EnergyReports' });
export const EnergyReports = quickly(schema, areEnergyReports);
export type EnergyReports = z.output<typeof EnergyReports>;
