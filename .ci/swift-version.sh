#!/bin/sh
# Says in one line when there is no Swift of at least 6.2.
set -eu
version=$("${1:-swift}" --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
major=${version%%.*}
minor=$(echo "$version" | cut -d. -f2)
if [ -z "$version" ]; then
    echo "Tinct needs Swift 6.2 or later, and ${1:-swift} --version does not run; what it lacks:" >&2
    "${1:-swift}" --version >&2 || true
    exit 2
fi
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "${minor:-0}" -lt 2 ]; }; then
    echo "Tinct needs Swift 6.2 or later, and this is $version: see https://www.swift.org/install/linux/" >&2
    exit 2
fi
