#!/usr/bin/env bash
# Measures what an order costs: eng/bench.sh (20 minutes on 2 cores, publishing aside), eng/bench.sh --quick (3 minutes), eng/bench.sh --help.
# Publishes the system with ReadyToRun, unless that was done since the last change, and measures it; with --bin <folder> what eng/publish.sh wrote
# there, as on a machine without the sources. Prints tables, and writes them, a chart and the figures as JSON to artifacts/bench.
# Needs PostgreSQL's programs, which ./test.sh installs. Nothing else should run on the machine.
set -uo pipefail

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
cd "$root" || exit 1

fail() { printf 'bench.sh: %s\n' "$*" >&2; exit 1; }

# The folder of --bin <folder> or --bin=<folder>, or nothing.
bin_of() {
  while (($# > 0)); do
    case $1 in
      --bin) printf '%s\n' "${2:-}"; return ;;
      --bin=*) printf '%s\n' "${1#--bin=}"; return ;;
    esac
    shift
  done
}

is_published() {
  [[ -f $published/dapr.yaml ]] && [[ -z $(find . \( -name artifacts -o -name .git -o -name .dapr-orders \) -prune -o -newer "$published/dapr.yaml" \
    \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.yaml' -o -name publish.sh \) -print -quit) ]]
}

bin=$(bin_of "$@")
if [[ -n $bin ]]; then
  [[ -x $bin/bench/DaprOrders.Bench ]] || fail "there is no $bin/bench/DaprOrders.Bench; eng/publish.sh writes such a folder"
  exec "$bin/bench/DaprOrders.Bench" "$@"
fi

command -v dotnet >/dev/null || fail 'dotnet is not on PATH: the .NET SDK 10 is needed; get it from https://dotnet.microsoft.com/download'
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}
published=artifacts/published/$(dotnet --info | sed -nE 's/^ *RID: *//p')
is_published || eng/publish.sh --bench || exit

# The part that starts what was only built.
if [[ $* != *--quick* && ($* != *--only* || $* == *start*) ]]; then
  for project in services/{gateway,order,inventory,notification} eng/dapr-emulator/src; do
    dotnet build "$project" -c Release -v q -clp:NoSummary -nodeReuse:false -p:UseSharedCompilation=false || fail "$project was not built"
  done
fi

exec "$published/bench/DaprOrders.Bench" "$@"
