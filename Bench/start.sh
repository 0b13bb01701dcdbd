#!/usr/bin/env bash
# From ./run to the first streamed token: once with nothing built (packages restored), once with everything built.
#   Bench/start.sh [FOLDER]      a clone is made there; default: a temporary folder, removed at the end
set -eu
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-$(mktemp -d)}
key=ork_startstartstartstartstartstartstartstart
export Parameters__first_key=$key Parameters__gateway_port=18080 Parameters__catalogue_port=18081

measure() {
  local start now host
  start=$(date +%s%N)
  ./run >"$folder/run.log" 2>&1 &
  host=$!
  until curl -sN --max-time 5 http://127.0.0.1:18080/v1/chat/completions -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
    -d '{"model":"qwen3-8b","stream":true,"max_tokens":2,"messages":[{"role":"user","content":"Hello"}]}' 2>/dev/null | grep -q '"content":"[^"]'; do
    kill -0 $host 2>/dev/null || { tail -n 30 "$folder/run.log" >&2; exit 1; }
    sleep 0.1
  done
  now=$(date +%s%N)
  echo "$1: $(((now - start) / 1000000)) ms"
  kill -TERM $host # A job of a script ignores INT.
  wait $host || true
}

git clone -q "$source" "$folder/clone"
cd "$folder/clone"
dotnet restore AppHost -v quiet
measure "nothing built"
measure "everything built"
[ $# -gt 0 ] || rm -rf "$folder"
