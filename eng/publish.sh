#!/usr/bin/env bash
# Publishes programs that run without the SDK, the sources or NuGet: eng/publish.sh [--bench] [--to <folder>] [rid]
# The folder is artifacts/published/<rid> by default, the rid that of this machine, for example linux-x64. In the folder are the four services,
# the Dapr emulator, the suites end-to-end and faults, the benchmark with the systems that it compares, and a dapr.yaml with components:
# there, run `dapr run -f dapr.yaml` or `dapr-emulator/dapr-emulator run -f dapr.yaml`, a suite, or bench/DaprOrders.Bench.
# --bench leaves the suites out, which takes less time.
set -uo pipefail

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
cd "$root" || exit 1

fail() { printf 'publish.sh: %s\n' "$*" >&2; exit 1; }

this_machine() { dotnet --info | sed -nE 's/^ *RID: *//p'; }

publish() { # folder, project, more arguments
  local folder=$1 project=$2
  shift 2
  printf 'Publishing %s ...\n' "$folder"
  dotnet publish "$project" -r "$rid" --self-contained -c Release -o "$target/$folder" -v q -clp:NoSummary -nodeReuse:false \
    -p:UseSharedCompilation=false -p:ArtifactsPath="$target.build" "$@" || fail "$project was not published"
}

# Compiled ahead of time, else the first seconds of each process go into compiling.
publish_ready_to_run() { publish "$@" -p:PublishReadyToRun=true; }

# dapr.yaml as seen from the published folder, starting what is there.
write_run_file() {
  local line app=
  while IFS= read -r line; do
    case $line in
      *appDirPath:*)
        app=${line##*/}
        line="${line%%appDirPath:*}appDirPath: ./$app" ;;
      *command:*) line="${line%%command:*}command: [./$(basename services/"$app"/*.csproj .csproj)]" ;;
      *'# Each app builds into'*) continue ;;
    esac
    printf '%s\n' "$line"
  done <dapr.yaml >"$target/dapr.yaml"
}

suites=true target= rid=
while (($# > 0)); do
  case $1 in
    --bench) suites=false ;;
    --to) target=${2:?'--to needs a folder'}; shift ;;
    -* | '') fail 'usage: eng/publish.sh [--bench] [--to <folder>] [rid]' ;;
    *) rid=$1 ;;
  esac
  shift
done
command -v dotnet >/dev/null || fail 'dotnet is not on PATH: the .NET SDK 10 is needed; get it from https://dotnet.microsoft.com/download'
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}
rid=${rid:-$(this_machine)}
target=$(realpath -m "${target:-artifacts/published/$rid}")
[[ ! -e $target || -f $target/dapr.yaml || -z $(ls -A "$target") ]] || fail "$target is not empty, and not from an earlier run"
rm -rf "$target"
mkdir -p "$target/postgres"

for service in gateway order inventory notification; do publish_ready_to_run "$service" "services/$service"; done
publish_ready_to_run dapr-emulator eng/dapr-emulator/src
publish_ready_to_run bench eng/bench/driver
publish_ready_to_run no-op eng/bench/no-op
publish_ready_to_run save-then-publish eng/bench/save-then-publish
if [[ $suites == true ]]; then
  publish end-to-end tests/end-to-end
  publish faults tests/faults
fi
cp -r components "$target/"
cp postgres/init.sql "$target/postgres/"
write_run_file
printf 'Published to %s\n' "$target"
