// Lets the SDK download its Temporal server into a folder; the launcher runs it itself, so that it knows the process (O-17).
//   fetch-temporal.mjs <folder>
import { TestWorkflowEnvironment } from '@temporalio/testing';

try {
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'cached-download', downloadDir: process.argv[2] } } });
  await environment.teardown();
} catch (error) {
  process.stdout.write(`${String(error.message).split('\n')[0]}\n`);
  process.exitCode = 1;
}
