import type { z } from 'zod';
import type { Faults } from '../faults.ts';
import { CheckpointBody, FenceBody, JobBody } from '../jobs/job-body.ts';
import type { JobRecord } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { ReportGrade } from '#domain/energy-report/report';
import { refuse } from './protocol-error.ts';
import { readJson, route, type Answer, type Call, type Route } from './server.ts';

const JOB = '/agent/v1/jobs/:job';

/** The job endpoints of W-16. */
export function jobRoutes(jobs: Jobs, grade: ReportGrade, faults: () => Faults): Route[] {
  const shown = (record: JobRecord): Answer => ({ status: 200, body: viewOf(record, grade) });
  return [
    route('PUT', JOB, async (call) => {
      const body = await read(call, JobBody);
      if (call.params['job'] !== `${body.workload_id}.${body.segment}`) throw refuse(400, 'invalid_request', 'The job\'s id is {workload_id}.{segment}.');
      const { record, created } = jobs.put(call.params['job'], body);
      return { status: created ? 201 : 200, body: { state: record.state, fence: record.body.fence } };
    }),
    route('GET', JOB, (call) => spoiled(call, faults(), shown(jobs.view(jobOf(call))))),
    route('POST', `${JOB}/checkpoint`, async (call) => {
      const { fence } = await read(call, CheckpointBody);
      return { status: 202, body: stateOf(jobs.checkpoint(jobOf(call), fence, false)) };
    }),
    route('POST', `${JOB}/pause`, async (call) => {
      const { fence } = await read(call, FenceBody);
      const record = jobs.checkpoint(jobOf(call), fence, true);
      return { status: record.state === 'stopped' ? 200 : 202, body: stateOf(record) };
    }),
    route('DELETE', JOB, (call) => {
      const fence = Number(call.url.searchParams.get('fence'));
      if (!Number.isSafeInteger(fence) || fence < 1) throw refuse(400, 'invalid_request', 'Name the fence: DELETE …?fence=2.');
      return { status: 202, body: stateOf(faults().keep_running ? jobs.get(jobOf(call)) : jobs.stop(jobOf(call), fence)) };
    }),
  ];
}

const jobOf = ({ params }: Call): string => params['job']!;
const stateOf = ({ state, body }: JobRecord) => ({ state, fence: body.fence });

async function read<S extends z.ZodType>({ request }: Call, schema: S): Promise<z.output<S>> {
  const parsed = schema.safeParse(await readJson(request));
  if (parsed.success) return parsed.data;
  throw refuse(400, 'invalid_request', parsed.error.issues.map(({ path, message }) => `${path.join('/') || 'body'}: ${message}`).join('; '));
}

function viewOf(record: JobRecord, grade: ReportGrade) {
  const { job_id, body, state, units_done, started_at, ended_at, last_checkpoint, energy_mj, result, error, gpus } = record;
  return { job_id, fence: body.fence, state, units_done, units_total: body.units_total, started_at, ended_at, last_checkpoint, energy_mj, grade, result, error, devices: gpus };
}

/** F13: answers that no agent should give. */
function spoiled({ response }: Call, { job_answer, answer_bytes }: Faults, answer: Answer): Answer | undefined {
  if (job_answer === 'nan_energy') return { ...answer, body: { ...(answer.body as object), energy_mj: 'NaN' } };
  if (job_answer === 'json' && answer_bytes === 0) return answer;
  response.writeHead(200, { 'content-type': job_answer === 'html' ? 'text/html' : 'application/json' });
  response.end(job_answer === 'html' ? '<html><body>It works!</body></html>' : `"${'x'.repeat(answer_bytes)}"`);
  return undefined;
}
