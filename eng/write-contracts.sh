#!/usr/bin/env bash
# Writes the OpenAPI document of each service, as its code has it, to contracts/http. A test compares the two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export DOTNET_NOLOGO=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}
for service in gateway order inventory notification; do
  dotnet build "services/$service" -v quiet -clp:NoSummary
  # Printed first and moved then: a document that could not be made does not replace one that could.
  APP_ID=$service dotnet run --project "services/$service" --no-build -- --openapi > "contracts/http/$service.openapi.json.new"
  mv "contracts/http/$service.openapi.json.new" "contracts/http/$service.openapi.json"
done
