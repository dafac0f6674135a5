#!/bin/sh
# Builds the solution and runs tests: ./test.sh [form] [options of the xunit runner]. ./test.sh --help lists the forms.
set -eu
root=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd)
cd "$root"
. eng/cli/prepare.sh
exec dotnet "${cli:?}" test "$@"
