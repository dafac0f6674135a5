#!/usr/bin/env bash
# Builds and tests: ./test.sh [form] [options of the xunit runner]
#
#   fast        what every change must pass (the default; at most 5 minutes on 2 cores, build included)
#   emulator    the Dapr emulator by itself, against recordings of real Dapr
#   scripts     run.sh, publish.sh and the READMEs in a fresh clone; the service in Node
#   bench       checks that the benchmark measures
#   faults      dozens of faults under load: no order may be lost, doubled or oversold
#   mutations   mistakes planted in the source, each of which a fault run must notice
#   all         all of these, as CI runs them
#
# For example: ./test.sh -class '*RelayTests', or ./test.sh faults -showLiveOutput.
# Needs the .NET SDK 10 and PostgreSQL's programs, which it installs as root on Debian. Some tests are skipped where Node 20 is missing.
# Stops at the first module that fails. Ends with `N passed, N failed, N skipped`; status 0 when all passed, 1 otherwise, 2 for wrong usage.
set -uo pipefail

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
cd "$root" || exit 1
# shellcheck source=postgres/local.sh
source postgres/local.sh

readonly limit=900 # seconds after which a module counts as hung
status=0 passed=0 failed=0 skipped=0
declare -A started=() names=()

say() { printf '%s\n' "$*"; }
fail() { printf 'test.sh: %s\n' "$*" >&2; exit 1; }
attend() { "$@"; }
logged() { local file=$1; shift; "$@" >"$file" 2>&1; }

require_tools() {
  command -v dotnet >/dev/null || fail 'dotnet is not on PATH: the .NET SDK 10 is needed; get it from https://dotnet.microsoft.com/download'
  require_postgres_programs
  # As root the tests run PostgreSQL as another user.
  if ((EUID == 0)) && ! { command -v runuser && command -v setpriv; } >/dev/null; then
    can_install_packages || fail 'as root the tests need runuser and setpriv, of util-linux'
    install_packages util-linux || fail 'util-linux could not be installed'
  fi
}

build() {
  local began=$SECONDS
  dotnet build "$1" -v q -clp:NoSummary || fail "$1 was not built"
  say "Built $1 in $((SECONDS - began)) s"
}

program() {
  case $1 in
    eng/dapr-emulator/tests) say eng/dapr-emulator/artifacts/bin/DaprOrders.DaprEmulator.Tests/debug/DaprOrders.DaprEmulator.Tests.dll ;;
    *) local project; project=$(basename "$1"/*.csproj .csproj); say "artifacts/bin/$project/debug/$project.dll" ;;
  esac
}

# Starts the tests of a folder beside others; its output is shown when they have ended.
start_module() {
  local folder=$1 id
  shift
  logged "$results/${folder//\//-}.log" timeout -k 10 "$limit" dotnet "$(program "$folder")" \
    -noColor -noLogo -longRunning 120 -result-trx "$results/${folder//\//-}.trx" "$@" &
  id=$!
  names[$id]=$folder started[$id]=$SECONDS
}

# Waits for one of the modules that run. Shows what failed, or one line.
end_module() {
  local id code=0 name took log summary
  wait -n -p id "${!names[@]}" || code=$?
  name=${names[$id]} took=$((SECONDS - started[$id])) log=$results/${names[$id]//\//-}.log
  unset "names[$id]" "started[$id]"

  summary=$(grep -E '^ +[A-Za-z.]+ +Total: ' "$log" | tail -n 1)
  count() { sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<<"$summary" | grep . || echo 0; }
  local bad=$(($(count Failed) + $(count Errors)))
  passed=$((passed + $(count Total) - bad - $(count Skipped) - $(count 'Not Run')))
  skipped=$((skipped + $(count Skipped)))
  failed=$((failed + bad))
  if ((code == 0)); then
    printf '  %-26s %4d s   %s\n' "$name" "$took" "${summary##*Tests  }"
    grep -E '\[SKIP\]' -A 1 "$log"
    return
  fi

  status=1
  ((bad > 0)) || failed=$((failed + 1))
  cat "$log"
  ((code != 124)) || say "$name was ended after $limit s; the last lines above name the tests that were running"
}

# Runs modules beside each other, as many as the machine has cores.
run_modules() {
  local folder lanes
  lanes=$(nproc)
  ((lanes <= 8)) || lanes=8
  for folder in $1; do
    ((${#names[@]} < lanes)) || end_module
    ((status == 0)) || break
    start_module "$folder" "${@:2}"
  done
  while ((${#names[@]} > 0)); do end_module; done
  return "$status"
}

explicit() { run_modules "$1" -explicit only -trait "Form=$2" "${@:3}"; }

# The longest first. The faults come alone, as they take the whole machine.
fast() {
  run_modules "tests/contracts tests/order tests/end-to-end tests/eng tests/messaging tests/gateway tests/inventory tests/notification tests/service-defaults" "$@" &&
    run_modules tests/faults "$@"
}
emulator() { build eng/dapr-emulator/DaprEmulator.sln; run_modules eng/dapr-emulator/tests -explicit on "$@"; }
scripts() { explicit 'tests/eng tests/contracts' scripts -maxThreads 3 "$@"; }
bench() { explicit tests/eng bench "$@"; }
faults() { explicit tests/faults faults "$@"; }
mutations() { explicit tests/faults mutations "$@"; }

run() {
  local form=$1 began=$SECONDS
  say "$form"
  "$@"
  printf '%s took %d:%02d\n\n' "$form" $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
  return "$status"
}

all() {
  local form
  for form in fast emulator scripts bench faults mutations; do run "$form" "$@" || return; done
}

form=fast
case ${1:-} in
  fast | emulator | scripts | bench | faults | mutations | all) form=$1; shift ;;
  -h | --help) sed -nE '2,/^set/s/^# ?//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  -* | '') ;;
  *) printf "test.sh: there is no form '%s'; ./test.sh --help names them\n" "$1" >&2; exit 2 ;;
esac

require_tools
[[ -n ${HOME:-} && -w ${HOME:-} ]] || export DOTNET_CLI_HOME=${DOTNET_CLI_HOME:-$root/.dapr-orders/home}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# A bare Debian has no ICU, without which the SDK does not start.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}
# Build nodes would stay behind.
export MSBUILDDISABLENODEREUSE=1

results=$root/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
[[ $form == emulator ]] || build DaprOrders.sln
if [[ $form == all ]]; then all "$@"; else run "$form" "$@"; fi

if ((status == 0 && passed == 0)); then say 'No test ran'; status=1; fi
printf 'Took %d:%02d in all\n%d passed, %d failed, %d skipped\n' $((SECONDS / 60)) $((SECONDS % 60)) "$passed" "$failed" "$skipped"
exit "$status"
