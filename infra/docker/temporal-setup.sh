#!/bin/sh
# One shot: the schema of Temporal's own two databases. Running it again changes nothing.
set -eu
export SQL_PLUGIN=postgres12 SQL_HOST="$POSTGRES_SEEDS" SQL_PORT="$DB_PORT" SQL_USER="$POSTGRES_USER" SQL_PASSWORD="$POSTGRES_PWD"
for database in temporal temporal_visibility; do
  folder=temporal; [ "$database" = temporal_visibility ] && folder=visibility
  temporal-sql-tool --database "$database" create-database || true
  temporal-sql-tool --database "$database" setup-schema -v 0.0 || true
  temporal-sql-tool --database "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$folder/versioned"
done
