#!/usr/bin/env bash
# shellcheck disable=SC2317  # functions are also called through attend and trap
set -uo pipefail

usage() {
  cat <<'USAGE'
Usage: ./run.sh [--reset [--yes]]

Starts the whole system: PostgreSQL, the four services and their sidecars. It needs the .NET SDK 10 and nothing else: where Dapr or
its broker is missing, the emulator in eng/dapr-emulator takes their place; where PostgreSQL is missing, it is started in Docker, or from local programs,
which root on Debian gets installed. Ctrl-C stops what was started; the data stays for the next start.

  --reset      empty the databases, and the events of the emulator, before starting
  --yes        with --reset: also in a PostgreSQL that was already running
  -h, --help   this text

  POSTGRES_PASSWORD   password of the role postgres, which makes the services' roles and databases (default: postgres)

Exit status: 0 after SIGINT, SIGTERM or SIGHUP; 1 when the system does not start or ends by itself.
USAGE
}

root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
readonly root
# shellcheck source=postgres/local.sh
source "$root/postgres/local.sh"

readonly superuser=postgres
readonly patience=120  # seconds until services that are not ready are given up
readonly broker_patience=60  # seconds until a broker that does not answer is emulated
reset=false yes=false
claimed=false  # the pid file is ours
child=         # process that is waited for
system=        # process of the Dapr CLI or the emulator
postgres=      # who started PostgreSQL: found, docker or local

main() {
  parse_options "$@"
  prepare_environment
  check_sdk
  read_run_file
  trap stop_everything EXIT
  trap 'exit 0' INT TERM HUP PIPE
  claim_run
  stop_leftovers
  check_ports
  start_postgres
  prepare_databases
  build
  choose_runtime
  [[ $runtime == dapr ]] || build_project eng/dapr-emulator/src/DaprOrders.DaprEmulator.csproj
  write_run_file
  announce
  check_ports  # once more: building takes a while
  start_system
  wait_until_ready
  wait_for_end
}

say() { printf '%s\n' "$*" 2>/dev/null; }
fail() { printf 'run.sh: %s\n' "$*" >&2; exit 1; }

parse_options() {
  local option
  for option in "$@"; do
    case $option in
      -h | --help) usage; exit 0 ;;
      --reset) reset=true ;;
      --yes) yes=true ;;
      *) fail "unknown option '$option'; ./run.sh --help names them" ;;
    esac
  done
  if [[ $yes == true && $reset == false ]]; then fail '--yes goes with --reset'; fi
}

prepare_environment() {
  cd "$root" || exit 1
  mkdir -p .run 2>/dev/null
  [[ -w .run ]] || fail "cannot write to $root/.run"
  # Somebody's PGHOSTADDR, PGSERVICE or PGSSLMODE must not lead psql or the services elsewhere.
  # shellcheck disable=SC2086
  unset ${!PG@}
  # The SDK writes to the home folder, which service accounts do not have.
  [[ -n ${HOME:-} && -w ${HOME:-} ]] || export DOTNET_CLI_HOME=${DOTNET_CLI_HOME:-$root/.run/home}
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
  # A bare Debian has no ICU, without which the SDK does not start.
  export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}
}

check_sdk() {
  local where='get it from https://dotnet.microsoft.com/download'
  command -v dotnet >/dev/null || fail "dotnet is not on PATH: the .NET SDK 10 is needed; $where"
  dotnet --list-sdks 2>/dev/null | grep '^10\.' >/dev/null || fail "there is no .NET SDK 10; $where"
}

# ── dapr.yaml and the component: what they say is not repeated here ──

read_run_file() {
  local key value
  app_ids=() app_folders=() app_ports=() sidecar_ports=()
  while IFS='|' read -r key value; do
    case $key in
      appID) app_ids+=("$value") ;;
      appDirPath) app_folders+=("${value#./}") ;;
      appPort) app_ports+=("$value") ;;
      *) sidecar_ports+=("$value") ;;
    esac
  done < <(sed -nE 's/^[ -]*(appID|appDirPath|appPort|daprHTTPPort|daprGRPCPort): *"?([^" ]+).*/\1|\2/p' dapr.yaml)

  # The port, and database, role and password of each service, as the services will use them.
  postgres_port=$(sed -nE 's/.*ConnectionStrings__Database:.*Port=([0-9]+).*/\1/p' dapr.yaml | head -n 1)
  [[ -n $postgres_port ]] || fail 'dapr.yaml has no ConnectionStrings__Database with a port'
  postgres_address=127.0.0.1:$postgres_port
  mapfile -t logins < <(sed -nE 's/.*Port=[0-9]+;Database=([^;]+);Username=([^;]+);Password=([^;]+).*/\1|\2|\3/p' dapr.yaml)

  read_component "$(sed -nE 's/^ *resourcesPaths: *\[(.*)\].*/\1/p' dapr.yaml | head -n 1 | sed -E 's/.*,//' | tr -d " \"'")"
}

# The broker is the folder that resourcesPaths names last.
read_component() {
  component=${1#./}/pubsub.yaml
  [[ -f $component ]] || fail "the last of resourcesPaths in dapr.yaml is the broker's folder, but there is no $component"
  broker=$(sed -nE 's/^ *type: *"?pubsub\.([^" ]+).*/\1/p' "$component")
  case $broker in
    kafka) broker_address=$(component_value brokers | cut -d , -f 1) ;;
    redis) broker_address=$(component_value redisHost) ;;
    rabbitmq) broker_address=$(component_value connectionString | sed -E 's|^[a-z]+://([^@/]*@)?||; s|/.*||') ;;
    *) broker_address= ;;
  esac
}

component_value() { sed -n "/name: *$1\$/{n;s/^ *value: *//p;}" "$component" | tr -d "\"'"; }

# The project of an app, relative to the clone.
project_of() { printf '%s\n' "$1"/*.csproj; }

# ── Asking servers, without curl or nc ──

listens() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# Prints the first two bytes that a server answers to a request (in printf's notation), without those that are zero.
ask() {
  # shellcheck disable=SC2016
  LC_ALL=C timeout --foreground 3 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "$2" >&3 && IFS= read -r -N 1 -t 2 -u 3 first || exit
    IFS= read -r -N 1 -t 0.2 -u 3 second; printf %s "$first$second"' "$@" 2>/dev/null
}

# An open port is not yet a broker: Docker opens it long before Kafka answers, and a sidecar that comes too early ends for good.
broker_answers() {
  local request
  case $broker in
    kafka) request='\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff' ;;  # ApiVersions
    redis) request='PING\r\n' ;;
    rabbitmq) request='AMQP\0\0\x09\x01' ;;
    *) return 0 ;;
  esac
  [[ -n $(ask "${broker_address%:*}" "${broker_address##*:}" "$request") ]]
}

# Prints status and body of a service's readiness on one line, or nothing when it does not answer.
readiness() {
  # shellcheck disable=SC2016
  timeout --foreground 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" &&
    printf "GET /healthz/ready HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3 && IFS= read -r -d "" -t 2 -u 3 answer; printf "%s\n" "$answer"' "$1" \
    2>/dev/null | tr -d '\r' | sed -nE '1s/^HTTP[^ ]+ ([0-9]+).*/\1/p; 1,/^$/d; p' | tr '\n' ' '
}

# ── Processes. What belongs to the system bears a mark in its environment and is found by it, whoever its parent is ──

# Starts a process group, which Ctrl-C does not reach: this script passes the signal on, in the right order.
start() {
  set -m
  "$@" </dev/null &
  child=$!
  set +m
}

# Runs a command to its end. A signal ends the wait at once; in the foreground it would be heard only afterwards.
attend() {
  local status=0
  start "$@"
  wait "$child" 2>/dev/null || status=$?
  child=
  return "$status"
}

# Programs take the place of this shell, so that a signal for the process reaches them.
logged() {
  exec >"$1" 2>&1
  shift
  if [[ $(type -t "$1") == function ]]; then "$@"; else exec "$@"; fi
}

marked() { DAPR_ORDERS_RUN=$root exec "$@"; }

marked_pids() { grep -lzxF "DAPR_ORDERS_RUN=$root" /proc/[0-9]*/environ 2>/dev/null | cut -d / -f 3; }

# Asks the system to end; insists after 3 s, as the Dapr CLI hears nothing before it has started every app; kills what is left after 6 s.
stop_system() {
  local tick pids insisted=false
  [[ -z $system ]] || kill -TERM "$system" 2>/dev/null
  for ((tick = 0; tick < 60; tick++)); do
    mapfile -t pids < <(marked_pids)
    ((${#pids[@]} > 0)) || return 0
    if [[ $insisted == false ]] && { ((tick >= 30)) || [[ -z $system ]] || ! kill -0 "$system" 2>/dev/null; }; then
      kill -TERM "${pids[@]}" 2>/dev/null
      insisted=true
    fi
    sleep 0.1
  done
  kill -KILL "${pids[@]}" 2>/dev/null
}

stop_everything() {
  local status=$?
  trap '' INT TERM HUP PIPE
  trap - EXIT
  [[ $claimed == true ]] || exit "$status"
  if [[ -n $system || $postgres == docker || $postgres == local ]]; then say 'Stopping ...'; fi
  stop_child
  stop_system
  stop_postgres
  rm -f .run/run.pid
  exit "$status"
}

# A build, initdb, psql or apt-get that was being waited for; the signal may have come before its id was noted.
stop_child() {
  local tick target
  child=${child:-$(jobs -rp | tail -n 1)}
  target=-$child
  [[ -n $child && $child != "$system" && $child != "$postmaster" ]] || return 0
  # dpkg may not be torn from its work: apt-get alone is asked, and dpkg ends with its package.
  if [[ $installing == true ]]; then
    target=$child
    rm -f "$no_cluster"
  fi
  kill -TERM -- "$target" 2>/dev/null
  for ((tick = 0; tick < 20; tick++)); do
    kill -0 -- "$target" 2>/dev/null || return 0
    sleep 0.1
  done
  [[ $installing == true ]] || kill -KILL -- "$target" 2>/dev/null
}

claim_run() {
  local pid
  if ! write_pid; then
    pid=$(cat .run/run.pid)
    # The number of a run that was killed may belong to another program by now.
    if [[ $pid != "$$" && /proc/$pid/cwd -ef $root ]] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep 'run\.sh' >/dev/null; then
      fail "the system is already running; stop it with: kill $pid"
    fi
    rm -f .run/run.pid
    write_pid || fail 'the system is just being started by another run.sh'
  fi
  claimed=true
}

write_pid() { (set -C && echo $$ >.run/run.pid) 2>/dev/null; }

stop_leftovers() {
  [[ -n $(marked_pids) ]] || return 0
  say 'Stopping what is left of a run that was killed ...'
  stop_system
}

check_ports() {
  local port
  for port in "${app_ports[@]}" "${sidecar_ports[@]}"; do
    if listens 127.0.0.1 "$port"; then fail "port $port is taken by another program, and dapr.yaml needs it"; fi
  done
}

# ── PostgreSQL: the one that runs, else one in Docker, else a private one ──

start_postgres() {
  locate_cluster "$root"
  if find_running_cluster; then
    postgres=local
    [[ $reset == true ]] || return 0
    stop_cluster
  elif listens 127.0.0.1 "$postgres_port"; then
    postgres=found
    check_found_postgres
    return
  elif docker_works && start_docker_postgres; then
    return
  fi
  start_local_postgres
}

check_found_postgres() {
  wait_for_postgres 10 || fail "what listens on $postgres_address is no PostgreSQL; free that port"
  if [[ $reset == true && $yes == false ]]; then
    fail "PostgreSQL on $postgres_address was already running; ./run.sh --reset --yes drops its databases $(paste -sd ' ' <(printf '%s\n' "${logins[@]%%|*}"))"
  fi
}

# Without an engine, or with one that is stuck, the docker command takes its time.
docker_works() {
  command -v docker >/dev/null &&
    attend logged /dev/null timeout -k 1 3 docker info &&
    attend logged /dev/null timeout -k 1 3 docker compose version
}

start_docker_postgres() {
  say 'Starting PostgreSQL in Docker (the first time its image is downloaded) ...'
  postgres=docker
  attend logged .run/docker.log docker compose up -d postgres && wait_for_postgres 60 && return
  say "Docker did not start PostgreSQL: $(tail -n 1 .run/docker.log)"
  stop_postgres
  return 1
}

start_local_postgres() {
  [[ $reset == false ]] || rm -rf "$cluster/data"
  require_programs_for_cluster
  postgres=local
  start_cluster "$postgres_port" "${POSTGRES_PASSWORD:-postgres}"
}

# Asks for TLS, which every PostgreSQL answers with one letter. No answer may mean that it is still starting; another one never does.
wait_for_postgres() {
  local end=$((SECONDS + $1))
  while :; do
    case $(ask 127.0.0.1 "$postgres_port" '\0\0\0\x08\x04\xd2\x16\x2f') in
      S | N) return 0 ;;
      ?*) return 1 ;;
    esac
    ((SECONDS < end)) || return 1
    sleep 0.3
  done
}

stop_postgres() {
  case $postgres in
    docker) timeout -k 0.5 3 docker compose stop -t 2 postgres >/dev/null 2>&1 ;;
    local) stop_cluster ;;
  esac
}

# ── Roles and databases ──

prepare_databases() {
  find_psql || return 0
  [[ $reset == false ]] || drop_databases
  # Inside the container every login is trusted, so without a psql here there is none to try.
  if [[ -n $psql ]] && services_can_log_in; then return; fi
  run_as_superuser postgres/init.sql
  [[ -z $psql ]] || services_can_log_in ||
    fail "PostgreSQL on $postgres_address refuses $login_tried with the password in dapr.yaml: $(refusal). Change one of the two"
}

# Finds a psql here or in the container; returns 1 when there is none.
find_psql() {
  psql=$(command -v psql)
  # Debian's psql on PATH is a Perl script around this one.
  if find_postgres_programs && [[ -x $postgres_bin/psql ]]; then psql=$postgres_bin/psql; fi
  [[ -z $psql && $postgres != docker ]] || return 0
  [[ $reset == false ]] || fail '--reset needs psql; install it with: sudo apt-get install postgresql-client'
  say "There is no psql, so the roles and databases on $postgres_address are not checked"
  return 1
}

services_can_log_in() {
  local login database role password
  for login in "${logins[@]}"; do
    IFS='|' read -r database role password <<<"$login"
    login_tried="role $role on $database"
    PGPASSWORD=$password run_psql "$role" "$database" -c 'SELECT 1' || return 1
  done
}

# Waits out a PostgreSQL that is just starting.
run_psql() {
  local role=$1 database=$2 end=$((SECONDS + 60)) status
  shift 2
  while :; do
    PGCONNECT_TIMEOUT=5 LC_ALL=C attend logged .run/psql.log \
      "$psql" -X -w -q -h 127.0.0.1 -p "$postgres_port" -U "$role" -d "$database" -v ON_ERROR_STOP=1 "$@"
    status=$?
    ((status != 0 && SECONDS < end)) && grep -E 'starting up|shutting down' .run/psql.log >/dev/null || return "$status"
    sleep 0.3
  done
}

run_as_superuser() {
  local file=$1
  if [[ -n $psql ]]; then
    PGPASSWORD=${POSTGRES_PASSWORD:-postgres} run_psql "$superuser" postgres -f "$file" && return
  else
    attend logged .run/psql.log run_psql_in_docker "$file" && return
  fi
  fail "PostgreSQL on $postgres_address refuses role $superuser: $(refusal). Set POSTGRES_PASSWORD to its password," \
    "or let its owner run postgres/init.sql, or free the port"
}

run_psql_in_docker() { docker compose exec -T postgres psql -X -q -U "$superuser" -d postgres -v ON_ERROR_STOP=1 <"$1"; }

drop_databases() {
  printf 'DROP DATABASE IF EXISTS "%s" WITH (FORCE);\n' "${logins[@]%%|*}" >.run/drop.sql
  run_as_superuser .run/drop.sql
}

refusal() { sed -nE 's/.*(FATAL|ERROR|error): *//p' .run/psql.log | tail -n 1; }

# ── Build, choose, start ──

build() {
  local began=$SECONDS
  say 'Building ...'
  write_solution_filter >.run/run.slnf
  build_project .run/run.slnf
  say "Built in $((SECONDS - began)) s"
}

# Builds without build nodes and compiler server, which would stay behind.
build_project() {
  attend logged .run/build.log marked dotnet build "$1" -v q -clp:NoSummary -nodeReuse:false -p:UseSharedCompilation=false && return
  cat .run/build.log >&2
  fail 'the build failed'
}

# What is started, without the tests.
write_solution_filter() {
  local folder projects=()
  for folder in "${app_folders[@]}"; do
    projects+=("$(project_of "$folder")")
  done
  # Names must be spelled as in the solution.
  projects=("${projects[@]//\//\\\\}")
  printf '{"solution": {"path": "../DaprOrders.sln", "projects": [%s]}}\n' "$(printf '"%s"\n' "${projects[@]}" | paste -sd ,)"
}

choose_runtime() {
  runtime=emulator
  if ! command -v dapr >/dev/null; then
    why='there is no dapr on PATH'
  elif [[ ! -x ${HOME:-}/.dapr/bin/daprd ]]; then
    why="there is no ${HOME:-}/.dapr/bin/daprd; dapr init --slim installs it"
  elif ! wait_for_broker; then
    why="$broker does not answer on $broker_address"
  else
    runtime=dapr
  fi
}

wait_for_broker() {
  local end=$((SECONDS + broker_patience))
  if broker_answers; then return; fi
  say "Waiting up to $broker_patience s for $broker on $broker_address (docker-compose.yml has one) ..."
  while ((SECONDS < end)); do
    sleep 0.5
    if broker_answers; then return; fi
  done
  return 1
}

# dapr.yaml as seen from .run/, and starting what was built.
write_run_file() {
  local line app=-1
  while IFS= read -r line; do
    case $line in
      *appID:*) app=$((app + 1)) ;;
      *command:*) line="${line%%command:*}command: $(command_of "${app_folders[app]}")" ;;
    esac
    printf '%s\n' "$line"
  done <dapr.yaml | sed -E '/command:/!s#(^|[][ ,"])\./#\1../#g' >.run/dapr.yaml
}

# Relative to the app's folder, as the path of the clone may contain anything.
command_of() {
  local project
  project=$(basename "$(project_of "$1")" .csproj)
  printf '[dotnet, %s/artifacts/bin/%s/debug/%s.dll]' "$(sed -E 's|[^/]+|..|g' <<<"$1")" "$project" "$project"
}

announce() {
  case $postgres in
    found) say "Database  PostgreSQL on $postgres_address, which was already running" ;;
    docker) say "Database  PostgreSQL in Docker on $postgres_address" ;;
    local) say "Database  private PostgreSQL on $postgres_address, data in $cluster" ;;
  esac
  if [[ $runtime == dapr ]]; then
    say "Runtime   Dapr, $(command -v dapr)"
    say "Broker    $broker${broker_address:+ on $broker_address}"
    [[ $reset == false ]] || say "          --reset does not empty it; docker compose down -v does"
  else
    say "Runtime   Dapr emulator, as $why"
    say "Broker    $broker, emulated, data in .run/broker"
  fi
}

start_system() {
  if [[ $runtime == dapr ]]; then
    start marked dapr run -f .run/dapr.yaml
  else
    [[ $reset == false ]] || rm -rf .run/broker
    start marked dotnet eng/dapr-emulator/artifacts/bin/DaprOrders.DaprEmulator/debug/dapr-emulator.dll run -f .run/dapr.yaml --data .run/broker
  fi
  system=$child
}

wait_until_ready() {
  local began=$SECONDS told=$SECONDS
  while :; do
    attend logged .run/missing services_not_ready
    [[ -s .run/missing ]] || break
    kill -0 "$system" 2>/dev/null || wait_for_end
    ((SECONDS - began < patience)) || fail "given up after $patience s; not ready are:"$'\n'"$(cat .run/missing)"
    if ((SECONDS - told >= 30)); then
      say "Not ready after $((SECONDS - began)) s:"$'\n'"$(cat .run/missing)"
      told=$SECONDS
    fi
    sleep 0.3
  done

  # The first app of dapr.yaml is the way in.
  local gateway=http://localhost:${app_ports[0]}
  say "Ready after $SECONDS s: $gateway"
  say "  curl -i $gateway/orders -H 'Content-Type: application/json' -d '{\"item_id\":\"item-123\",\"quantity\":1}'"
}

# Prints a line for each service that is not ready, with its reason.
services_not_ready() {
  local app answer
  for app in "${!app_ids[@]}"; do
    answer=$(readiness "${app_ports[app]}")
    case $answer in
      '200 '*) ;;
      *'"failing":'*) say "  ${app_ids[app]}: ${answer#*'"failing":'}" ;;
      [0-9]*) say "  ${app_ids[app]}: GET /healthz/ready answers $answer" ;;
      *) say "  ${app_ids[app]}: no answer on port ${app_ports[app]}" ;;
    esac
  done
}

wait_for_end() {
  local status=0
  wait "$system" 2>/dev/null || status=$?
  system=
  ((status == 0)) || fail "$runtime ended by itself with status $status"
  say "$runtime ended"  # `dapr stop`
  exit 0
}

main "$@"
