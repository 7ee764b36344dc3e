import type { Jobs } from './jobs/jobs.ts';
import type { JobState } from './jobs/job.ts';
import type { Machine } from './machine/machine.ts';
import type { Spool } from './reports/spool.ts';

const STATES: readonly JobState[] = ['starting', 'running', 'checkpointing'];

/** Prometheus text (W-16): a handful of gauges needs no library. */
export function metricsText(jobs: Jobs, machine: Machine, spool: Spool): string {
  const { powerMw, utilisationE3 } = machine.draw();
  const active = jobs.active();
  const energyMj = active.reduce((sum, { job_id }) => sum + BigInt(jobs.view(job_id).energy_mj), 0n);
  return [
    ...gauge('wattbook_node_power_watts', 'Power that the node draws now', [['', Number(powerMw) / 1_000]]),
    ...gauge('wattbook_node_gpu_utilization_ratio', 'Utilisation of each GPU, 0 to 1', utilisationE3.map((level, gpu) => [`{gpu="${gpu}"}`, level / 1_000])),
    ...gauge('wattbook_node_running_jobs_energy_joules', 'Energy of the jobs that are here now', [['', Number(energyMj) / 1_000]]),
    ...gauge('wattbook_node_jobs', 'Jobs by state', STATES.map((state) => [`{state="${state}"}`, active.filter((job) => job.state === state).length])),
    ...gauge('wattbook_node_gpus_free', 'GPUs that no job holds', [['', jobs.freeGpus().length]]),
    ...gauge('wattbook_node_report_spool', 'Energy reports that the gateway has not settled', [['', spool.size]]),
    ...gauge('wattbook_node_meter_ok', '1 when the meter gives readings', [['', machine.meter() === 'ok' ? 1 : 0]]),
    ...gauge('process_resident_memory_bytes', 'Resident memory of the agent', [['', process.memoryUsage.rss()]]),
    '',
  ].join('\n');
}

const gauge = (name: string, help: string, values: readonly (readonly [labels: string, value: number])[]): string[] =>
  [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...values.map(([labels, value]) => `${name}${labels} ${value}`)];
