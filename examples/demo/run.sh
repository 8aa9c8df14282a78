#!/usr/bin/env bash
# The demo: local APIs and a site that fail now and then, crawled into a lake, which is then asked what it has.
set -u
cd "$(dirname "$0")/../.."
export PATH="$PWD/node_modules/.bin:$PWD/.tools/bin:$PATH"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/onpoint-demo.XXXXXX")
server=""
stop() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
  fi
  rm -rf "$scratch"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The same port again: an interrupted run goes on with the URLs it began with.
state=${ONPOINT_STATE:-.onpoint}
wanted=${DEMO_PORT:-$(cat "$state/demo-port" 2>/dev/null || echo 0)}
node examples/demo/server.ts --port "$wanted" --seed 7 --log "$scratch/requests.jsonl" >"$scratch/server.out" &
server=$!
port=""
for _ in $(seq 150); do
  port=$(sed -n 's/.*"port": *\([0-9][0-9]*\).*/\1/p' "$scratch/server.out")
  [ -z "$port" ] || break
  if ! kill -0 "$server" 2>/dev/null; then break; fi
  sleep 0.1
done
if [ -z "$port" ]; then
  echo "demo: the demo server did not start on port $wanted; set DEMO_PORT to a free one, or remove $state/demo-port" >&2
  exit 1
fi
export DEMO_PORT=$port
mkdir -p "$state" && echo "$port" >"$state/demo-port"
echo "demo: server on port $port ($(node --version))" >&2

node bin/onpoint.js run examples/demo/pipeline.yaml
code=$?
if [ "$code" != 0 ] && [ "$code" != 3 ]; then
  echo "demo: the run ended with $code" >&2
  exit "$code"
fi

tables="delays movies earthquakes pages airports zipcodes birdstrikes flights
  flights_by_airport delays_by_route_day damage_by_airport pages_by_folder top_routes"
query=""
for table in $tables; do
  query="$query${query:+ UNION ALL }SELECT '$table' AS \"table\", count(*) AS \"rows\" FROM $table"
done
node bin/onpoint.js sql "$query"
asked=$?
echo "demo: $(wc -l <"$scratch/requests.jsonl" | tr -d ' ') requests were served; try: npx onpoint sql \"FROM flights_by_airport LIMIT 5\"" >&2
if [ "$code" = 0 ]; then code=$asked; fi
exit "$code"
