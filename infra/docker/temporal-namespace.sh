#!/bin/sh
# One shot: the namespace and the four search attributes (O-67). Running it again changes nothing.
set -eu
temporal operator namespace describe --namespace wattbook >/dev/null 2>&1 || temporal operator namespace create --namespace wattbook --retention 720h
for name in OrgId Zone WorkloadState BillingPeriod; do
  temporal operator search-attribute create --namespace wattbook --name "$name" --type Keyword || true
done
