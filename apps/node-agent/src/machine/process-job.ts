import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import type { Checkpoint } from '../jobs/job.ts';
import type { Assignment, JobChange } from './machine.ts';

const KILL_AFTER_MS = 4_000;

/**
 * A job on real hardware: `program.image` is the path of an executable on this machine, run with `command`, `env` and a folder of
 * its own. It says how it stands by lines on stdout, `wattbook progress UNITS` and `wattbook checkpoint FILE`, saves when it
 * gets SIGUSR1, and ends with 0 when it is done, its result in the file `result`. Containers and isolation are the machine
 * owner's; nothing here pretends to them.
 */
export class ProcessJob {
  readonly folder: string;
  private readonly child: ChildProcess;
  private unitsDone: number;
  private state: 'running' | 'checkpointing' | 'ended' = 'running';
  private stopWanted = false;

  constructor(
    private readonly assignment: Assignment,
    jobsFolder: string,
    private readonly tell: (change: Pick<JobChange, 'state' | 'unitsDone'> & Partial<JobChange>) => void,
  ) {
    const { jobId, body, gpus, unitsDone } = assignment;
    this.unitsDone = unitsDone;
    this.folder = join(jobsFolder, jobId);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const { image, command, env, input_uri, output_uri } = body.program!;
    this.child = spawn(image, command, {
      cwd: this.folder, stdio: ['ignore', 'pipe', 'ignore'], detached: true,
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin', ...env, CUDA_VISIBLE_DEVICES: gpus.join(','), WATTBOOK_JOB_DIR: this.folder, WATTBOOK_UNITS_TOTAL: String(body.units_total),
        WATTBOOK_UNITS_DONE: String(unitsDone), WATTBOOK_RESTORE_URI: body.restore?.uri ?? '', WATTBOOK_INPUT_URI: input_uri ?? '', WATTBOOK_OUTPUT_URI: output_uri ?? '',
      },
    });
    this.child.once('error', (error) => this.fail('cannot_start', error.message));
    this.child.once('exit', (code, signal) => void this.ended(code, signal));
    createInterface({ input: this.child.stdout! }).on('line', (line) => void this.heard(line));
    this.tell({ state: 'running', unitsDone });
  }

  units(): number {
    return this.unitsDone;
  }

  save(thenStop: boolean): void {
    this.stopWanted ||= thenStop;
    if (this.assignment.body.checkpoint === null) return thenStop ? this.stop() : undefined;
    if (this.state !== 'running') return;
    this.state = 'checkpointing';
    this.tell({ state: 'checkpointing', unitsDone: this.unitsDone });
    this.child.kill('SIGUSR1');
  }

  /** The whole process group, since a trainer has children; SIGKILL for what does not go. */
  stop(): void {
    this.stopWanted = true;
    this.signal('SIGTERM');
    setTimeout(() => this.signal('SIGKILL'), KILL_AFTER_MS).unref();
  }

  private signal(name: NodeJS.Signals): void {
    if (this.state === 'ended' || this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, name);
    } catch {
      // It is gone already: its exit has been or will be told.
    }
  }

  private async heard(line: string): Promise<void> {
    const [, what, value = ''] = /^wattbook (progress|checkpoint) (.+)$/.exec(line) ?? [];
    if (what === 'progress' && /^\d{1,15}$/.test(value)) this.unitsDone = Math.min(Math.max(this.unitsDone, Number(value)), this.assignment.body.units_total);
    if (what !== 'checkpoint' || this.state === 'ended') return;
    const checkpoint = await this.checkpoint(value);
    this.state = 'running';
    this.tell({ state: 'running', unitsDone: this.unitsDone, checkpoint });
    if (this.stopWanted) this.stop();
  }

  private async checkpoint(file: string): Promise<Checkpoint> {
    const path = join(this.folder, file.replaceAll('..', ''));
    const id = `${this.assignment.jobId}@${this.unitsDone}`;
    return { id, uri: `file://${path}`, sha256: await sha256Of(path), size_bytes: statSync(path).size, units_done: this.unitsDone, at: new Date().toISOString() };
  }

  private async ended(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (this.state === 'ended') return;
    this.state = 'ended';
    if (code !== 0) return this.stopWanted ? this.tell({ state: 'stopped', unitsDone: this.unitsDone }) : this.fail('program_failed', signal ? `The program was ended by ${signal}.` : `The program ended with ${code}.`);
    const path = join(this.folder, 'result');
    try {
      this.tell({ state: 'completed', unitsDone: this.assignment.body.units_total, result: { uri: `file://${path}`, sha256: await sha256Of(path) } });
    } catch {
      this.fail('no_result', 'The program ended with 0 and left no file "result" in its folder.');
    }
  }

  private fail(code: string, detail: string): void {
    this.state = 'ended';
    this.tell({ state: 'failed', unitsDone: this.unitsDone, error: { code, detail } });
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
