#!/bin/sh
# Fails when an installed tinct needs more of the machine than it should: install-check.sh BINARY.
set -eu
binary=$1
unwanted=$(ldd "$binary" | grep -E 'libswift|libFoundation|lib(zstd|yaml|deflate|z)[-.]|not found' || true)
if [ -n "$unwanted" ]; then
    echo "$binary was not linked as it should be:" >&2
    echo "$unwanted" >&2
    exit 1
fi
env -i "$binary" --version
