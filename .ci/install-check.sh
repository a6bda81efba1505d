#!/bin/sh
# Fails when an installed tinct needs more of the machine than it should: install-check.sh BINARY.
set -eu
binary=$1
# What the binary itself names: the system's libpcap brings libraries of its own, zstd among them.
unwanted=$( (readelf -d "$binary" | grep NEEDED | grep -E 'libswift|libFoundation|lib(zstd|yaml|deflate|brotlidec|brotlicommon|z)[-.]'
    ldd "$binary" | grep 'not found') || true)
if [ -n "$unwanted" ]; then
    echo "$binary was not linked as it should be:" >&2
    echo "$unwanted" >&2
    exit 1
fi
env -i "$binary" --version
