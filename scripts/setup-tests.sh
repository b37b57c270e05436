#!/usr/bin/env bash
# Installs what tests and scripts need beside Node: openssl (TLS tests), strace (npm run record:demo), curl and python3 (live tests) by apt, as
# root, the addon of the ebpf receiver (clang, libbpf-dev, g++), and the test servers, which are built with Go. What is there already stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing=()
for tool in strace openssl curl python3; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ "${#missing[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "install by hand: ${missing[*]}" >&2; exit 1; }
  run=()
  if [ "$(id -u)" -ne 0 ]; then run=(sudo); fi
  "${run[@]}" apt-get update -qq
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

if [ "$(uname -s)" = Linux ]; then
  scripts/build-native.sh --install
  npx tsx test/bun.ts || echo 'Bun cannot be fetched: its tests are skipped' >&2
fi

# a newer toolchain than the one installed is fetched by go itself, unless GOTOOLCHAIN=local forbids it
command -v go >/dev/null || { echo "Go is missing (1.21 or newer), in Debian the package golang-go" >&2; exit 1; }
test/servers/build.sh
