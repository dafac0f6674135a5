# shellcheck shell=sh
# Finds the SDK, builds the command line and sets $cli. run.sh and test.sh source it in the root of the clone.

fail() { printf '%s: %s\n' "${0##*/}" "$1" >&2; exit "${2:-1}"; }

where='get it from https://dotnet.microsoft.com/download'
case ${root:?} in
  *%* | *';'*) fail "the .NET SDK cannot build in $root, because the path has a % or a ;. Move the clone to another folder" 2 ;;
esac
command -v dotnet >/dev/null || fail "dotnet is not on PATH: the .NET SDK 10 is needed; $where"
mkdir -p .dapr-orders 2>/dev/null || true
[ -w .dapr-orders ] || fail "cannot write to $root/.dapr-orders"

# The SDK writes to the home folder, which service accounts do not have.
if [ ! -w "${HOME:-}" ]; then export DOTNET_CLI_HOME="${DOTNET_CLI_HOME:-$root/.dapr-orders/home}"; fi
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# Without ICU, which a minimal Debian does not have, the SDK would not start.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"

dotnet --list-sdks 2>/dev/null | grep '^10\.' >/dev/null || fail "the .NET SDK 10 is not installed; $where"
trap 'exit 0' INT TERM HUP
# Without a build node and a compiler server, because they would keep running afterwards.
if ! dotnet build eng/cli -v q -clp:NoSummary -nodeReuse:false -p:UseSharedCompilation=false >.dapr-orders/cli.log 2>&1; then
  cat .dapr-orders/cli.log >&2
  fail 'the build failed'
fi
trap - INT TERM HUP
# shellcheck disable=SC2034 # used by the caller
cli=artifacts/bin/DaprOrders.Cli/debug/DaprOrders.Cli.dll
