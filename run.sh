#!/bin/sh
# Starts the whole system, with the .NET SDK 10 and nothing else. ./run.sh --help lists what else it can do.
set -eu
root=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd)
cd "$root"
. eng/cli/prepare.sh
exec dotnet "${cli:?}" "$@"
