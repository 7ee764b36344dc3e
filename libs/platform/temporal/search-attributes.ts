import type { NativeConnection } from '@temporalio/worker';

/** The four of R-14, all Keyword: ids and enum values only. workflows/common/attributes.messages.ts sets them. */
export const SEARCH_ATTRIBUTES = ['OrgId', 'Zone', 'WorkloadState', 'BillingPeriod'] as const;

const KEYWORD = 2; // temporal.api.enums.v1.IndexedValueType

/** O-67: what the namespace lacks, as the commands that add it; a worker that misses one says them and ends. */
export async function missingSearchAttributes(connection: Pick<NativeConnection, 'operatorService'>, namespace: string): Promise<readonly string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return SEARCH_ATTRIBUTES.filter((name) => Number(customAttributes[name]) !== KEYWORD)
    .map((name) => `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`);
}
