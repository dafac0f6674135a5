#!/usr/bin/env bash
# Measures what an order costs: ./bench.sh (about half an hour on 2 cores), ./bench.sh --quick (3 minutes), ./bench.sh --help.
# Publishes the system with ReadyToRun and measures that; with --bin <folder> what ./publish.sh wrote there, as on a machine without the
# sources. Prints tables, and writes them with a chart and the figures as JSON to artifacts/bench. Needs what ./test.sh needs.
set -uo pipefail

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
cd "$root" || exit 1

fail() { printf 'bench.sh: %s\n' "$*" >&2; exit 1; }

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}
for argument in "$@"; do
  case $argument in
    -h | --help | -\?) build_only=true ;;
    --bin | --bin=*) bin=true ;;
  esac
done
