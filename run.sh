#!/bin/sh
# Starts the whole system. It needs only the .NET SDK 10. ./run.sh --help lists the other commands.
set -eu
root=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd)
cd "$root"
. eng/cli/prepare.sh
exec dotnet "${cli:?}" "$@"
