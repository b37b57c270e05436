#!/usr/bin/env bash
# Builds what the ebpf receiver needs beside TypeScript, without a network: the BPF object (clang, libbpf-dev) and the addon that loads it (gcc, g++).
# Usage: scripts/build-native.sh [--install]   --install fetches the tools by apt first, as root. Result: native/ebpf/build/linux-x64/sensor.node
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "$(uname -s) $(uname -m)" in
  'Linux x86_64') ;;
  *) echo 'The ebpf receiver is for Linux on x86-64.' >&2; exit 1 ;;
esac

if [ "${1:-}" = --install ]; then
  missing=()
  for tool in clang gcc g++ bpftool; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  [ -e /usr/include/bpf/libbpf.h ] || missing+=(libbpf-dev)
  [ -e /usr/include/linux/bpf.h ] || missing+=(linux-libc-dev)
  if [ "${#missing[@]}" -gt 0 ]; then
    run=()
    if [ "$(id -u)" -ne 0 ]; then run=(sudo); fi
    "${run[@]}" apt-get update -qq
    "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
fi

lacking=()
for tool in clang gcc g++; do command -v "$tool" >/dev/null || lacking+=("$tool"); done
[ -e /usr/include/bpf/libbpf.h ] || lacking+=(libbpf-dev)
[ -d node_modules/node-addon-api ] || lacking+=('node_modules (npm ci)')
if [ "${#lacking[@]}" -gt 0 ]; then
  echo "missing: ${lacking[*]}; in Debian: scripts/build-native.sh --install" >&2
  exit 1
fi

out=native/ebpf/build/linux-x64
mkdir -p "$out"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

clang -O2 -g -Wall -Werror -target bpf -mcpu=v3 -D__TARGET_ARCH_x86 -I"/usr/include/$(gcc -print-multiarch)" -c bpf/sensor.bpf.c -o "$work/sensor.bpf.o"
gcc -O2 -Wall native/ebpf/generate.c -o "$work/generate" -lbpf
"$work/generate" "$work/sensor.bpf.o" "$work/programs.gen.h"
gcc -O2 -Wall -fPIC -I"$work" -c native/ebpf/sensor.c -o "$work/sensor.o"
gcc -O2 -Wall -fPIC -c native/ebpf/privileges.c -o "$work/privileges.o"
g++ -std=c++17 -O2 -Wall -fPIC -DNAPI_VERSION=8 -DNAPI_CPP_EXCEPTIONS -I node_modules/node-api-headers/include -I node_modules/node-addon-api \
  -c native/ebpf/addon.cc -o "$work/addon.o"
g++ -shared -s -static-libstdc++ -static-libgcc "$work/addon.o" "$work/sensor.o" "$work/privileges.o" -o "$work/sensor.node"
# by rename: a collector that runs keeps the file it has mapped
for file in sensor.bpf.o sensor.node; do
  cp "$work/$file" "$out/.$file.new"
  chmod 755 "$out/.$file.new"
  mv -f "$out/.$file.new" "$out/$file"
done
chmod go-w "$out"
echo "$out/sensor.node"
