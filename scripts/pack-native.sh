#!/usr/bin/env bash
# Makes the package of this platform's addon, which oisp-collector finds as an optional dependency: native/ebpf/build/oisp-collector-native-….tgz
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

platform=linux-x64
built="native/ebpf/build/$platform/sensor.node"
[ -e "$built" ] || scripts/build-native.sh
package="$(mktemp -d)"
trap 'rm -rf "$package"' EXIT
version="$(node -p "require('./package.json').version")"
cp "$built" LICENSE NOTICE "$package/"
cat >"$package/package.json" <<JSON
{
  "name": "@oisp-collector/native-$platform",
  "version": "$version",
  "description": "The addon of oisp-collector's ebpf receiver for Linux on x86-64.",
  "license": "Apache-2.0",
  "os": ["linux"],
  "cpu": ["x64"],
  "libc": ["glibc"],
  "files": ["sensor.node", "LICENSE", "NOTICE"]
}
JSON
npm pack --silent --pack-destination native/ebpf/build "$package"
