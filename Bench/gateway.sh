#!/usr/bin/env bash
# The gateway of a running graph against nginx and the .NET floor, interleaved in one run. Judge by ratios, never by absolute figures.
#   Bench/gateway.sh [ROUNDS] [SCENARIOS]      default: 3 "quick rate200 str500"
# Needs the benchmark (ORRERY_TEST_DATA, default ../shared, has bench/), gcc, nginx, python3 and curl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-3}
scenarios=${2:-quick rate200 str500}
bench=${ORRERY_TEST_DATA:-../shared}/bench
[ -x "$bench/bench.sh" ] || { echo "No benchmark at $bench; set ORRERY_TEST_DATA." >&2; exit 1; }
mock=9001
gateway=http://127.0.0.1:18080
catalogue=http://127.0.0.1:18081
key=ork_benchbenchbenchbenchbenchbenchbenchbench
state=$(mktemp -d)

dotnet build AppHost -c Release -v quiet -nologo -clp:NoSummary
(cd AppHost && exec env Parameters__first_key=$key Parameters__gateway_port=18080 Parameters__catalogue_port=18081 \
  AppHost__StateDirectory="$state" DOTNET_ENVIRONMENT=Production bin/Release/net10.0/Orrery.AppHost) >"$state/apphost.log" 2>&1 &
host=$!
trap 'kill -TERM $host 2>/dev/null; wait $host 2>/dev/null; rm -rf "$state"' EXIT
for _ in $(seq 300); do
  curl -sf "$gateway/health/ready" >/dev/null && break
  kill -0 $host 2>/dev/null || { tail -n 40 "$state/apphost.log" >&2; exit 1; }
  sleep 0.2
done

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
# The child that listens on the gateway's port.
pid=$(ss -Hltnp 'sport = :18080' | grep -o 'pid=[0-9]*' | head -n 1 | cut -d= -f2)
echo "gateway pid $pid"
"$bench/bench.sh" --gut orrery "$gateway/v1" "$key" bench-chat "$pid" --targets "direct nginx floor" --scenarios "$scenarios" --rounds "$rounds"
