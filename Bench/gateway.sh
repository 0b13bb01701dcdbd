#!/usr/bin/env bash
# The gateway of a running graph against nginx and the .NET floor, interleaved in one run. Judge by ratios, never by absolute figures.
#   Bench/gateway.sh [ROUNDS] [SCENARIOS] [GATEWAYS]      default: 3 "quick rate200 str500" graph
#   Bench/gateway.sh memory [SECONDS] [GATEWAYS]          what they and the floor hold at rest, after so many seconds of it too (0), and for a stream that goes on
#   Bench/gateway.sh jitter [ROUNDS] [GATEWAYS]           how unevenly tokens arrive, with as many streams as load the last of them to 60 % of its core
# GATEWAYS are any of
#   graph   the graph's own: accounting on, telemetry to the Console, one trace in ten
#   off     one beside it that sends no telemetry at all
#   tenth   one beside it as the graph's own
#   all     one beside it that records every trace
#   on      everything on: limits of key, team, model and provider in Redis, accounting, one trace in ten and all metrics to a sink that counts (Bench/sink.py)
#   NAME:VARIABLE=VALUE,VARIABLE=VALUE   one beside it with these variables, to try something out; on-NAME:… has what `on` has besides
# Needs the benchmark (ORRERY_TEST_DATA, default ../shared, has bench/), gcc, nginx, python3 and curl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-3}
scenarios=${2:-quick rate200 str500}
gateways=${3:-graph}
bench=${ORRERY_TEST_DATA:-../shared}/bench
[ -x "$bench/bench.sh" ] || { echo "No benchmark at $bench; set ORRERY_TEST_DATA." >&2; exit 1; }
mock=9001
gateway=http://127.0.0.1:18080
catalogue=http://127.0.0.1:18081
key=ork_benchbenchbenchbenchbenchbenchbenchbench
limited=ork_limitlimitlimitlimitlimitlimitlimitlimit
sink=9701
state=$(mktemp -d)
started=()

wait_for() { # URL PID LOG
  for _ in $(seq 300); do
    curl -sf "$1" >/dev/null && return
    kill -0 "$2" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 40 "$3" >&2
  return 1
}

stop() {
  kill -TERM "${started[@]}" 2>/dev/null || true
  wait "${started[@]}" 2>/dev/null || true
  rm -rf "$state"
}
trap stop EXIT

dotnet build AppHost -c Release -v quiet -nologo -clp:NoSummary
(cd AppHost && exec env Parameters__first_key=$key Parameters__gateway_port=18080 Parameters__catalogue_port=18081 Parameters__console_port=18082 \
  AppHost__StateDirectory="$state" DOTNET_ENVIRONMENT=Production Gateway__Egress__AllowLoopback=true bin/Release/net10.0/Orrery.AppHost) >"$state/apphost.log" 2>&1 &
started+=($!)
wait_for "$gateway/health/ready" $! "$state/apphost.log"

curl -sSf -X POST "$catalogue/apis/orrery.dev/v1/apply" -H "Authorization: Bearer $key" -H 'Content-Type: application/yaml' --data-binary @- >/dev/null <<YAML
kind: ModelProvider
apiVersion: orrery.dev/v1
metadata: { name: bench }
spec:
  provider: openai
  engine: openai
  endpoint: http://127.0.0.1:$mock/v1
  models:
    - { id: bench-chat, modelType: chat }
---
kind: ModelProvider
apiVersion: orrery.dev/v1
metadata: { name: bench-limited }
spec:
  provider: openai
  engine: openai
  endpoint: http://127.0.0.1:$mock/v1
  models:
    - { id: bench-limited, modelType: chat }
  limits: { requests: [{ count: 100000000, per: 1m }] }
---
kind: Model
apiVersion: orrery.dev/v1
metadata: { name: bench-limited }
spec: { id: bench-limited, modelType: chat, limits: { concurrency: 10000 } }
---
kind: Team
apiVersion: orrery.dev/v1
metadata: { name: bench }
spec: { displayName: Bench, limits: { requests: [{ count: 100000000, per: 1h }], tokens: [{ count: 100000000000, per: 1h }] } }
---
kind: AccessKey
apiVersion: orrery.dev/v1
metadata: { name: bench-limited }
spec:
  sha256: $(printf %s "$limited" | sha256sum | cut -d' ' -f1)
  team: bench
  limits: { requests: [{ count: 100000000, per: 1m }], tokens: [{ count: 100000000000, per: 1m }], concurrency: 10000 }
YAML

python3 Bench/sink.py $sink >"$state/sink.txt" &
sink_pid=$!
started+=($sink_pid)

# The child that listens on the gateway's port; one beside it has its environment.
own=$(ss -Hltnp 'sport = :18080' | grep -o 'pid=[0-9]*' | head -n 1 | cut -d= -f2)
port=18090
tested=()
for name in $gateways; do
  if [ "$name" = graph ]; then
    tested+=(--gut orrery "$gateway/v1" "$key" bench-chat "$own")
    continue
  fi
  mapfile -d '' -t environment </proc/"$own"/environ
  environment+=("ASPNETCORE_URLS=http://127.0.0.1:$port" "Metrics__Port=$((port + 1000))" "Gateway__DataDirectory=$state/${name%%:*}" "OTEL_SERVICE_NAME=gateway-${name%%:*}")
  case $name in
    off) environment+=(Telemetry__ConsoleUrl= OTEL_EXPORTER_OTLP_ENDPOINT=) ;;
    tenth) environment+=(Telemetry__SampleRatio=0.1) ;;
    all) environment+=(Telemetry__SampleRatio=1) ;;
    on | on-*) environment+=(Telemetry__SampleRatio=0.1 Telemetry__ConsoleUrl= Metrics__Port= "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:$sink" OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_METRIC_EXPORT_INTERVAL=5000) ;;
    *:*=*) ;;
    *) echo "'$name' is no gateway; expected graph, off, tenth, all or NAME:VARIABLE=VALUE,…" >&2; exit 1 ;;
  esac
  if [[ $name = *:*=* ]]; then IFS=, read -ra own_variables <<<"${name#*:}" && environment+=("${own_variables[@]}"); fi
  # Pinned from its start, as the floor is: what a process makes of its processors it decides then.
  (cd Gateway && exec taskset -c 0 env -i "${environment[@]}" bin/Release/net10.0/Orrery.Gateway) >"$state/${name%%:*}.log" 2>&1 &
  started+=($!)
  wait_for "http://127.0.0.1:$port/health/ready" $! "$state/${name%%:*}.log"
  if [[ $name = on || $name = on-*:* ]]; then
    tested+=(--gut "orrery-${name%%:*}" "http://127.0.0.1:$port/v1" "$limited" bench-limited $!)
  else
    tested+=(--gut "orrery-${name%%:*}" "http://127.0.0.1:$port/v1" "$key" bench-chat $!)
  fi
  port=$((port + 1))
done

# What stands beside a gateway works for it too: milliseconds of CPU so far, a line for each of the graph's processes with what it has started.
beside() {
  local child pid
  for child in $(pgrep -P "${started[0]}"); do
    for pid in "$child" $(pgrep -P "$child"); do cat /proc/"$pid"/stat 2>/dev/null || true; done |
      awk -v name="$(cat /proc/"$child"/comm)" -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); sum += $12 + $13 + $14 + $15 } END { print name, sum * 1000 / tick }'
  done
}

# The gateway under test has core 0 for itself: what receives its telemetry would cost it its caches.
for child in $(pgrep -P "${started[0]}"); do
  for pid in "$child" $(pgrep -P "$child"); do taskset -acp 1 "$pid" >/dev/null 2>&1 || true; done
done
taskset -acp 1 $sink_pid >/dev/null

resident() { awk '/VmRSS/ { print $2 }' /proc/"$1"/status; }

# The most that a process holds while so many streams go through it, in KiB.
most() { # PID URL KEY PAYLOAD STREAMS
  local load now top=0
  "$tools/lg" -m stream -c "$5" -n "$5" -R 1000 -k 64 -u "$2/chat/completions" -b "$4" -H "Authorization: Bearer $3" >/dev/null 2>&1 &
  load=$!
  while kill -0 $load 2>/dev/null; do
    now=$(resident "$1")
    [ "$now" -le "$top" ] || top=$now
    sleep 0.2
  done
  echo "$top"
}

if [ "$rounds" = memory ] || [ "$rounds" = jitter ]; then
  "$bench/bench.sh" --targets "direct nginx floor" --scenarios quick --rounds 1 >/dev/null 2>&1 # Builds the tools.
  work=${BENCH_WORK:-${XDG_CACHE_HOME:-$HOME/.cache}/gateway-bench}
  tools=$work/bin
  taskset -c 1 "$tools/mock" -p $mock >/dev/null 2>&1 &
  started+=($!)
  PORT=9104 UPSTREAM=http://127.0.0.1:$mock taskset -c 0 "$tools/floor/floor" >/dev/null 2>&1 &
  started+=($!)
  wait_for http://127.0.0.1:9104/health $! /dev/null
  tested=(--gut floor http://127.0.0.1:9104/v1 none bench-chat $! "${tested[@]}")
fi

if [ "$rounds" = memory ]; then
  started_with=()
  for ((i = 0; i < ${#tested[@]}; i += 6)); do started_with+=($(($(resident "${tested[i + 5]}") / 1024))); done
  sleep "${2:-0}"
  echo "| gateway | just started | after ${2:-0} s | 200 streams | 2,200 streams | a further stream |"
  echo "| --- | --- | --- | --- | --- | --- |"
  for ((i = 0; i < ${#tested[@]}; i += 6)); do
    pid=${tested[i + 5]}
    sed "s#\"model\": \"[^\"]*\"#\"model\": \"${tested[i + 4]}\"#" "$bench/payload/stream_hold.json" >"$state/hold.json"
    stream=("$pid" "${tested[i + 2]}" "${tested[i + 3]}" "$state/hold.json")
    rest=$(resident "$pid")
    most "${stream[@]}" 200 >/dev/null
    few=$(most "${stream[@]}" 200)
    many=$(most "${stream[@]}" 2200)
    echo "| ${tested[i + 1]} | ${started_with[i / 6]} MiB | $((rest / 1024)) MiB | $((few / 1024)) MiB | $((many / 1024)) MiB | $(((many - few) / 2000)) KiB |"
  done
  exit
fi

if [ "$rounds" = jitter ]; then
  dotnet build Bench -c Release -v quiet -nologo -clp:NoSummary
  (cd "$work" && exec taskset -c 0 nginx -c "$work/run/nginx.conf") >/dev/null 2>&1 &
  started+=($!)
  wait_for http://127.0.0.1:9102/health $! /dev/null
  tested=(--gut nginx http://127.0.0.1:9102/v1 none bench-chat "$(pgrep -P $!)" "${tested[@]}")
  for child in $(pgrep -P "${started[0]}"); do
    for pid in "$child" $(pgrep -P "$child"); do taskset -acp 1 "$pid" >/dev/null 2>&1 || true; done
  done
  streams() { # INDEX STREAMS SECONDS
    DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1 taskset -c 1 Bench/bin/Release/net10.0/Orrery.Bench streams "${tested[@]:$1+2:3}" "$2" "$3" "${tested[$1 + 5]}"
  }
  for ((i = 0; i < ${#tested[@]}; i += 6)); do
    sed "s#\"model\": \"[^\"]*\"#\"model\": \"${tested[i + 4]}\"#" "$bench/payload/small.json" >"$state/small.json"
    taskset -acp 0 "${tested[i + 5]}" >/dev/null
    taskset -c 1 "$tools/lg" -m closed -c 64 -n 200000 -T 60 -u "${tested[i + 2]}/chat/completions" -b "$state/small.json" -H "Authorization: Bearer ${tested[i + 3]}" >/dev/null
    streams $i 300 20 >/dev/null
  done
  # A stream's 64 tokens take 1.4 s with the pause before it.
  count=$(streams $((${#tested[@]} - 6)) 300 10 | awk '{ split($4, cost, "="); print int(0.6e6 / cost[2] / 45.4) }')
  for _ in $(seq "${2:-5}"); do
    for ((i = 0; i < ${#tested[@]}; i += 6)); do echo "${tested[i + 1]} $(streams $i "$count" 10)"; done
  done
  exit
fi

before=$(beside)
"$bench/bench.sh" "${tested[@]}" --targets "direct nginx floor" --scenarios "$scenarios" --rounds "$rounds"
echo
echo "Beside them, over the whole run, warming and all gateways together:"
join <(sort <<<"$before") <(beside | sort) | awk '{ printf "  %-16s %8d ms CPU\n", $1, $3 - $2 }'
kill -TERM $sink_pid
wait $sink_pid || true
cat "$state/sink.txt"
