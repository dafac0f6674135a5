#!/usr/bin/env bash
# Keeps the contracts as they are now as a release: contracts/released/X.Y, with a hash of each file. A release is never changed afterwards;
# tests compare its hashes, and hold what comes later against it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../contracts"

fail() { printf 'release-contracts.sh: %s\n' "$*" >&2; exit 1; }

[[ $# == 1 && $1 =~ ^[0-9]+\.[0-9]+$ ]] || fail 'say which version: eng/release-contracts.sh X.Y'
[[ ! -e released/$1 ]] || fail "$1 is released already, and a release is never changed"
for document in http/*.openapi.json; do
  grep -q "\"version\": \"$1\"" "$document" || fail "$document has another version: set Version in Directory.Build.props and run eng/write-contracts.sh"
done
grep -q "^  version: \"$1\"" asyncapi.yaml || fail "asyncapi.yaml has another version: set info.version"

# Complete, or not there at all.
new=$(mktemp -d released.XXXXXX)
trap 'rm -rf "$new"' EXIT
cp -R asyncapi.yaml events http "$new"
(cd "$new" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | sed 's|^\./||' | xargs sha256sum > SHA256SUMS)
chmod 755 "$new"
mkdir -p released
mv "$new" "released/$1"
printf 'contracts/released/%s is there. Commit it.\n' "$1"
