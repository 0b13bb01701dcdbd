# What a machine needs, found or installed. Sourced by ./run and ./test.

require_dotnet() {
  if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^10\.'; then
    echo "The .NET 10 SDK is missing. Install it (https://dotnet.microsoft.com/download/dotnet/10.0) and run this again." >&2
    exit 1
  fi
}

has_postgres() { command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
has_redis() { command -v redis-server >/dev/null; }
# A tool that works: a docker client without its daemon is none.
has_container_tool() { podman ps -q >/dev/null 2>&1 || docker ps -q >/dev/null 2>&1; }

# PostgreSQL and Redis: this machine's own servers, else containers, else Debian's packages.
require_stores() { # yes|no: may install
  local missing=()
  if ! has_container_tool; then
    has_postgres || missing+=(postgresql)
    has_redis || missing+=(redis-server)
  fi
  install_packages "$1" "the graph keeps its data in PostgreSQL and Redis, and there is neither a server nor a working podman or docker here" "${missing[@]}"
}

install_packages() { # yes|no, reason, packages...
  local may=$1 reason=$2
  shift 2
  [ $# -gt 0 ] || return 0
  if [ "$may" != yes ] || ! command -v apt-get >/dev/null; then
    echo "Missing: $*. Needed because $reason. Install them with the machine's package manager and run this again." >&2
    exit 1
  fi
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "Missing: $*. Installing them needs root: apt-get install $*" >&2; exit 1; }
    sudo=(sudo)
  fi
  echo "Installing $* (Debian packages): $reason."
  # The packages would start servers of their own on the standard ports; ours are started by the graph.
  local log
  log=$(mktemp)
  if ! { "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -q --no-install-recommends "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "Installing $* failed; the full log is $log" >&2
    exit 1
  fi
  rm -f "$log"
}
