import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** The four search attributes (R-14, O-67): ids and enum values only, never a name or a figure. */
export const orgIdAttribute = defineSearchAttributeKey('OrgId', SearchAttributeType.KEYWORD);
export const zoneAttribute = defineSearchAttributeKey('Zone', SearchAttributeType.KEYWORD);
export const workloadStateAttribute = defineSearchAttributeKey('WorkloadState', SearchAttributeType.KEYWORD);
export const billingPeriodAttribute = defineSearchAttributeKey('BillingPeriod', SearchAttributeType.KEYWORD);
