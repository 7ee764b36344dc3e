import { z } from 'zod';

/** What agents answer (W-16). Members that we do not know are ignored; a wrong type is `node_protocol_error`. */
const mj = z.string().regex(/^\d{1,38}$/);
const time = z.iso.datetime({ offset: true });

export const JobStates = z.enum(['starting', 'running', 'checkpointing', 'completed', 'failed', 'stopped']);
export const JobAck = z.object({ state: JobStates, fence: z.int() });
export type JobAck = z.output<typeof JobAck>;

const Artefact = z.object({ uri: z.string().max(2_048), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
export const AgentCheckpoint = Artefact.extend({ id: z.string().max(300), size_bytes: z.int().min(0), units_done: z.int().min(0), at: time });
export type AgentCheckpoint = z.output<typeof AgentCheckpoint>;

export const AgentJob = z.object({
  job_id: z.string(), fence: z.int(), state: JobStates, units_done: z.int().min(0), units_total: z.int().min(0), started_at: time, ended_at: time.nullable(),
  last_checkpoint: AgentCheckpoint.nullable(), energy_mj: mj, grade: z.enum(['measured', 'modelled']), result: Artefact.nullable(),
  error: z.object({ code: z.string().max(100), detail: z.string().max(2_000) }).nullable(),
  /** Which GPUs hold it; agents of others may not say. */
  devices: z.array(z.string().max(200)).max(64).default([]),
});
export type AgentJob = z.output<typeof AgentJob>;

export const AgentHealth = z.object({
  status: z.enum(['ok', 'degraded']), availability: z.enum(['available', 'owner_in_use', 'draining']), boot_id: z.string(), agent_version: z.string(),
  hardware: z.enum(['real', 'simulated']), time_scale: z.number(), uptime_s: z.number(), meter: z.enum(['ok', 'no_reading']), models: z.array(z.string()),
});
export type AgentHealth = z.output<typeof AgentHealth>;

/** Codes of refusals that a caller decides on; anything else is a protocol error. */
export const REFUSALS = ['job_conflict', 'fence_too_old', 'no_capacity', 'owner_in_use', 'draining', 'not_running', 'checkpoint_unsupported', 'not_found'] as const;
export type AgentRefusal = (typeof REFUSALS)[number];

export const RefusalBody = z.object({ code: z.enum(REFUSALS), detail: z.string() });
