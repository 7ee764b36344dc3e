import { ApplicationFailure, log, proxyActivities } from '@temporalio/workflow';

const { heard } = proxyActivities<{ heard(text: string): Promise<string> }>({ startToCloseTimeout: '10s', retry: { maximumAttempts: 1 } });

/** For tests of what every workflow gets: says something, has it heard, and fails where it is told to. */
export async function echo(text: string): Promise<string> {
  log.info('the workflow speaks');
  const answer = await heard(text);
  if (text.includes('fail')) throw ApplicationFailure.nonRetryable(`failed with ${text}`, 'not-ready', { state: text });
  return answer;
}
