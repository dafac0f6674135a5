#!/usr/bin/env bash
# Builds and tests everything: ./test.sh, or a part: ./test.sh --filter-class '*OutboxTests' (options of `dotnet test` pass through).
# Needs the .NET SDK 10 and the programs of PostgreSQL; as root on Debian it installs the latter. Where Node 20 and npm are, the tests of the
# contracts use them (and install ajv by tests/contracts/ajv/package-lock.json); elsewhere those few are skipped. Ends with one line,
# `N passed, N failed, N skipped`, and the status of the tests; 1 when no test ran.
# shellcheck disable=SC2317  # functions are also called through attend
set -uo pipefail

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
cd "$root" || exit 1
# shellcheck source=postgres/local.sh
source postgres/local.sh

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

# Prints the number that the runner's summaries give for a word.
count() { awk -v word="$1:" '/^Test run summary/ { on = 1 } on && $1 == word { n += $2 } /^ *duration:/ { on = 0 } END { print n + 0 }' "$log"; }

# All projects of the solution but the faults: these come after the others, as each of them takes the whole machine.
write_solution_filter() {
  local project list=()
  while read -r project; do
    [[ $project != *Faults* ]] && list+=("\"${project//\//\\\\}\"")
  done < <(dotnet sln DaprOrders.sln list | grep 'csproj$')
  printf '{"solution": {"path": "../DaprOrders.sln", "projects": [%s]}}\n' "$(IFS=,; echo "${list[*]}")"
}

# Tests that hang must not hang the run: an assembly of which no test ends for so long is ended, which counts as failed.
hang_guard=(--hangdump --hangdump-type None --hangdump-timeout 15m)

run_tests() {
  dotnet test --no-progress --no-ansi --results-directory "$results" "${hang_guard[@]}" "$@" 2>&1 | tee -a "$log"
  return "${PIPESTATUS[0]}"
}

tell_hanging_tests() {
  local file
  for file in "$results"/*_hang.log; do
    [[ -e $file ]] || continue
    printf '\nStill running when their assembly was ended, for how long and which:\n'
    cat "$file"
  done
}

require_tools
[[ -n ${HOME:-} && -w ${HOME:-} ]] || export DOTNET_CLI_HOME=${DOTNET_CLI_HOME:-$root/.run/home}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# A bare Debian has no ICU, without which the SDK does not start.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}
# Build nodes would stay behind.
export MSBUILDDISABLENODEREUSE=1

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# A filter leaves most assemblies with nothing to run, which is status 8 otherwise.
[[ $* != *filter* ]] || set -- "$@" --ignore-exit-code 8
results=$root/artifacts/test-results
rm -rf "$results"
mkdir -p .run
write_solution_filter >.run/tests.slnf
status=0
run_tests --solution .run/tests.slnf "$@" || status=$?
run_tests --project tests/faults "$@" || status=$?

tell_hanging_tests
passed=$(count succeeded) failed=$(($(count failed) + $(count error)))
if ((status == 0 && passed + failed == 0)); then status=1; fi
printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$(count skipped)"
exit "$status"
