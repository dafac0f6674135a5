#!/usr/bin/env bash
# The long fault run: eng/faults.sh [seeds], for example eng/faults.sh 1-12 (the default, 25 minutes on 2 cores) or eng/faults.sh 7.
# Inflicts hundreds of faults under load, checks that no order is lost, doubled or oversold, and writes docs/faults.md.
# Needs what ./test.sh needs; as root also a full disk is among the faults. Status 0 when no invariant was violated.
set -uo pipefail

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
cd "$root" || exit 1

fail() { printf 'faults.sh: %s\n' "$*" >&2; exit 1; }

seeds=${1:-1-12}
[[ $seeds =~ ^[0-9]+(-[0-9]+)?$ ]] || fail 'usage: eng/faults.sh [seed | first-last]'
command -v dotnet >/dev/null || fail 'dotnet is not on PATH: the .NET SDK 10 is needed; get it from https://dotnet.microsoft.com/download'
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}

dotnet build tests/faults -v q -clp:NoSummary -nodeReuse:false -p:UseSharedCompilation=false || fail 'the build failed'
FAULTS_SEEDS=$seeds exec dotnet artifacts/bin/DaprOrders.Faults.Tests/debug/DaprOrders.Faults.Tests.dll -noColor -class '*FaultTests' -explicit only
