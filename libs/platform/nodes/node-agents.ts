import type { AgentHealth, AgentJob, JobAck } from './agent-answers.ts';
import { NodeCallError, type AgentAddress, type AgentClient, type Answered, type JobRequest } from './agent-client.ts';
import type { AgentDirectory } from './agent-directory.ts';

/** Agents by node id, for activities. Every method may throw `NodeCallError`; each failed call is told to `failed` (a node with 3 in 60 s is degraded). */
export class NodeAgents {
  constructor(
    private readonly directory: AgentDirectory,
    private readonly client: AgentClient,
    private readonly failed: (nodeId: string) => Promise<void> = () => Promise.resolve(),
  ) {}

  putJob(nodeId: string, jobId: string, body: JobRequest): Promise<Answered<JobAck>> {
    return this.on(nodeId, (agent) => this.client.putJob(agent, jobId, body));
  }

  getJob(nodeId: string, jobId: string): Promise<Answered<AgentJob>> {
    return this.on(nodeId, (agent) => this.client.getJob(agent, jobId));
  }

  checkpoint(nodeId: string, jobId: string, fence: number, reason: string): Promise<Answered<JobAck>> {
    return this.on(nodeId, (agent) => this.client.checkpoint(agent, jobId, fence, reason));
  }

  pause(nodeId: string, jobId: string, fence: number): Promise<Answered<JobAck>> {
    return this.on(nodeId, (agent) => this.client.pause(agent, jobId, fence));
  }

  deleteJob(nodeId: string, jobId: string, fence: number): Promise<Answered<{ state: string }>> {
    return this.on(nodeId, (agent) => this.client.deleteJob(agent, jobId, fence));
  }

  health(nodeId: string): Promise<AgentHealth> {
    return this.on(nodeId, (agent) => this.client.health(agent));
  }

  completeJobs(nodeId: string, jobIds: readonly string[]): Promise<number> {
    return this.on(nodeId, (agent) => this.client.completeJobs(agent, jobIds));
  }

  close(): Promise<void> {
    return this.client.close();
  }

  private async on<T>(nodeId: string, work: (agent: AgentAddress) => Promise<T>): Promise<T> {
    const agent = await this.directory.find(nodeId);
    if (!agent) throw new NodeCallError('node_unreachable', nodeId, 'the node has never registered');
    try {
      return await work(agent);
    } catch (error) {
      if (error instanceof NodeCallError) await this.failed(nodeId);
      throw error;
    }
  }
}

/** W-16: the job of one stay. */
export const jobIdOf = (workloadId: string, segment: number): string => `${workloadId}.${segment}`;
