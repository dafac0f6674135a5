# shellcheck shell=bash disable=SC2034,SC2154  # variables are shared with the caller
# PostgreSQL without Docker, for run.sh and test.sh: finds the server's programs, installs them where that is possible, and keeps a
# private cluster. Sourced, never run; the caller defines say, fail, start, attend and logged.

postgres_bin=     # folder of initdb, pg_ctl and postgres
cluster=          # folder of this clone's private cluster
postmaster=       # process of the private cluster
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

# PostgreSQL refuses to run as root, so root runs it as the user that every package of it makes. setpriv does not fork: the process
# that was started is the server itself.
as_postgres_user() {
  # That user may not be able to enter the folder of the clone.
  cd / || return
  if ((EUID == 0)); then
    HOME=/ exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
  else
    exec "$@"
  fi
}

# The cluster of root lies where the user postgres reaches it, as the clone may lie in a folder that only root can enter.
locate_cluster() {
  local clone=$1
  if ((EUID == 0)); then
    cluster=/var/lib/postgresql/dapr-orders-$(printf %s "$clone" | sha256sum | cut -c 1-12)
  else
    cluster=$clone/.run/postgres
  fi
}

# Says whether the private cluster outlived the run that started it.
find_running_cluster() {
  [[ -f $cluster/data/postmaster.pid ]] && find_postgres_programs || return 1
  (as_postgres_user "$postgres_bin/pg_ctl" -D "$cluster/data" status) >/dev/null 2>&1 || return 1
  postmaster=$(head -n 1 "$cluster/data/postmaster.pid")
}

# Keeps to the version that made the cluster: another one cannot read its files.
require_programs_for_cluster() {
  local major
  require_postgres_programs
  major=$(cat "$cluster/data/PG_VERSION" 2>/dev/null) || return 0
  find_postgres_programs "$major" ||
    fail "the data in $cluster was written by PostgreSQL $major, which is not installed; install it, or begin anew with --reset"
}

# Durable: fsync and synchronous_commit stay on, so what a service has committed survives a power cut.
create_cluster() {
  local password=$1
  [[ ! -f $cluster/data/PG_VERSION ]] || return 0

  # Made under another name, so that a run that is killed meanwhile leaves no half-made cluster.
  rm -rf "$cluster/new"
  (umask 077 && printf %s "$password" >"$cluster/password")
  ((EUID != 0)) || chown postgres: "$cluster/password"
  attend logged "$cluster/log" as_postgres_user "$postgres_bin/initdb" -D "$cluster/new" -U postgres -A scram-sha-256 \
    --pwfile="$cluster/password" -E UTF8 --locale=C --no-instructions || fail "initdb failed: $(tail -n 3 "$cluster/log")"
  rm -f "$cluster/password"
  mv "$cluster/new" "$cluster/data"
}

start_cluster() {
  local port=$1 password=$2
  if ((EUID == 0)) && ! id postgres >/dev/null 2>&1; then
    fail 'PostgreSQL refuses to run as root, and there is no user postgres; run this as an ordinary user'
  fi
  mkdir -p "$cluster" || fail "cannot write to $cluster"
  ((EUID != 0)) || chown postgres: "$cluster"
  create_cluster "$password"

  # No socket: its path may not be longer than 107 characters, and nobody uses it.
  start logged "$cluster/log" as_postgres_user "$postgres_bin/postgres" -D "$cluster/data" -p "$port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300
  postmaster=$child
  until listens 127.0.0.1 "$port"; do
    kill -0 "$postmaster" 2>/dev/null || fail "PostgreSQL does not start: $(tail -n 3 "$cluster/log")"
    sleep 0.1
  done
}

# Orderly, and without that after 2 s: PostgreSQL then recovers when it starts again.
stop_cluster() {
  local signal tick
  for signal in INT QUIT; do
    [[ -n $postmaster ]] && kill -s "$signal" "$postmaster" 2>/dev/null || return 0
    for ((tick = 0; tick < 20; tick++)); do
      kill -0 "$postmaster" 2>/dev/null || return 0
      sleep 0.1
    done
  done
}
