import type { WorkflowInfo } from '@temporalio/workflow';

/** W-148: a run ends its history before 4,000 events and 2 MB. The server's own suggestion comes at 4,096 events unless it is told otherwise. */
const LONG_EVENTS = 3_000;
const LONG_BYTES = 1_500_000;

/** Time to continue as new: on the server's suggestion (O-61), or earlier by our own bar; what is told meanwhile still fits. */
export const isLong = ({ continueAsNewSuggested, historyLength, historySize }: Pick<WorkflowInfo, 'continueAsNewSuggested' | 'historyLength' | 'historySize'>): boolean =>
  continueAsNewSuggested || historyLength >= LONG_EVENTS || historySize >= LONG_BYTES;
