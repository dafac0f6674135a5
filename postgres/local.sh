# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared with the caller
# Finds PostgreSQL's programs for test.sh, and installs them where that is possible. Sourced, never run; the caller defines say, fail, attend
# and logged.

postgres_bin=     # folder of initdb, pg_ctl and postgres
installing=false  # apt-get is at work

# Keeps Debian's package from making a cluster of its own on port 5432, which nobody asked for.
readonly no_cluster=/etc/postgresql-common/createcluster.d/dapr-orders.conf

# Takes the programs of the wanted major version, else the newest.
find_postgres_programs() {
  local wanted=${1:-} best=0 folder major
  postgres_bin=

  for folder in "$(dirname "$(command -v pg_ctl || echo /nowhere/pg_ctl)")" /usr/lib/postgresql/*/bin; do
    [[ -x $folder/initdb && -x $folder/pg_ctl && -x $folder/postgres ]] || continue
    major=$("$folder/postgres" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
    [[ -z $wanted || $major == "$wanted" ]] || continue
    ((major > best)) || continue
    best=$major postgres_bin=$folder
  done

  [[ -n $postgres_bin ]]
}

can_install_packages() { ((EUID == 0)) && command -v apt-get >/dev/null; }

# Installs Debian packages; what apt-get says is shown only when it fails.
install_packages() {
  local log status=0
  log=$(mktemp)
  say "Installing $* ..."
  installing=true
  attend logged "$log" apt-get update
  # Without a terminal of its own dpkg finishes its step when apt-get is interrupted.
  DEBIAN_FRONTEND=noninteractive attend logged "$log" apt-get -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@" || status=$?
  installing=false
  ((status == 0)) || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

install_postgres() {
  local status=0
  mkdir -p "${no_cluster%/*}" && echo 'create_main_cluster = false' >"$no_cluster"
  install_packages postgresql || status=$?
  rm -f "$no_cluster"
  return "$status"
}

require_postgres_programs() {
  find_postgres_programs && return
  can_install_packages || fail 'PostgreSQL is not installed; install it with: sudo apt-get install postgresql'
  install_postgres || fail 'PostgreSQL could not be installed; try: apt-get update && apt-get install postgresql'
  find_postgres_programs || fail 'PostgreSQL was installed, but there is no initdb in /usr/lib/postgresql/*/bin'
}
