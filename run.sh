#!/bin/sh
# Starts the whole system: ./run.sh --help. It needs the .NET SDK 10 and nothing else.
set -eu
root=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd)
cd "$root"
. eng/cli/prepare.sh
exec dotnet "${cli:?}" up "$@"
