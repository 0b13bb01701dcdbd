#!/usr/bin/env bash
# The gateway of a running graph against nginx and the .NET floor, interleaved in one run. Judge by ratios, never by absolute figures.
#   Bench/gateway.sh [ROUNDS] [SCENARIOS] [GATEWAYS]      default: 3 "quick rate200 str500" graph
# GATEWAYS are any of
#   graph   the graph's own: accounting on, telemetry to the Console, one trace in ten
#   off     one beside it that sends no telemetry at all
#   tenth   one beside it as the graph's own
#   all     one beside it that records every trace
#   NAME:VARIABLE=VALUE,VARIABLE=VALUE   one beside it with these variables, to try something out
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
  AppHost__StateDirectory="$state" DOTNET_ENVIRONMENT=Production bin/Release/net10.0/Orrery.AppHost) >"$state/apphost.log" 2>&1 &
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
YAML

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
    *:*=*) IFS=, read -ra own_variables <<<"${name#*:}" && environment+=("${own_variables[@]}") ;;
    *) echo "'$name' is no gateway; expected graph, off, tenth, all or NAME:VARIABLE=VALUE,…" >&2; exit 1 ;;
  esac
  (cd Gateway && exec env -i "${environment[@]}" bin/Release/net10.0/Orrery.Gateway) >"$state/${name%%:*}.log" 2>&1 &
  started+=($!)
  wait_for "http://127.0.0.1:$port/health/ready" $! "$state/${name%%:*}.log"
  tested+=(--gut "orrery-${name%%:*}" "http://127.0.0.1:$port/v1" "$key" bench-chat $!)
  port=$((port + 1))
done

"$bench/bench.sh" "${tested[@]}" --targets "direct nginx floor" --scenarios "$scenarios" --rounds "$rounds"
