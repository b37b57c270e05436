#!/usr/bin/env bash
# Builds the test servers from the locked Go modules beside this file, one after the other; what is built already stays.
# usage: build.sh [jaeger|tempo]...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
declare -A package=([jaeger]=github.com/jaegertracing/jaeger/cmd/jaeger [tempo]=github.com/grafana/tempo/cmd/tempo)
if [ $# -eq 0 ]; then set -- jaeger tempo; fi
for name in "$@"; do
  [ -n "${package[$name]:-}" ] || { echo "unknown server: $name (known: ${!package[*]})" >&2; exit 2; }
  if [ -x "$name/$name" ]; then echo "$name: built already"; continue; fi
  # a binary appears whole or not at all: tests look for it while this runs
  (cd "$name" && nice -n 10 go build -mod=readonly -buildvcs=false -p 2 -trimpath -ldflags '-s -w' -o "$name.part" "${package[$name]}" && mv "$name.part" "$name")
  echo "$name: built"
done
