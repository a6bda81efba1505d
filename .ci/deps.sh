#!/bin/sh
# Installs the Debian packages that Tinct needs and that are missing: `deps.sh SWIFT build` to build it, `deps.sh SWIFT
# build test` to test it as well, where SWIFT is the compiler's command. Installs as root or through sudo; otherwise
# prints the line to run and exits 2.
set -eu

swift=$1
shift
wanted=""
if ! command -v "$swift" >/dev/null 2>&1; then
    echo "Tinct needs Swift 6.2 or later, and there is no swift on the PATH: see https://www.swift.org/install/linux/" >&2
    exit 2
fi
# A toolchain that was only unpacked lacks libraries; their names are not worth asking for where it runs.
if ! { "$swift" --version && "$swift" build --version && "$swift" format --version; } >/dev/null 2>&1; then
    wanted="binutils libc6-dev libncurses6 libsqlite3-0 libcurl4 libxml2 libedit2 tzdata"
fi

# g++ brings the C library's headers and the linker that Swift uses too.
build="g++ pkg-config libzstd-dev zlib1g-dev libdeflate-dev libbrotli-dev libyaml-dev libssl-dev libpcap-dev"
# Servers, clients and readers of other people's making, against which the tests prove Tinct.
test="libthrift-dev libboost-dev libevent-dev thrift-compiler python3 python3-venv python3-thrift python3-six python3-yaml
  ca-certificates nginx-light curl openssl zstd gzip tcpdump tshark iproute2 procps"

for set in "$@"; do
    case $set in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    *) echo "deps.sh: no such set: $set (build, test)" >&2; exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "make deps knows Debian's packages only. Install what corresponds to these, then build with swift build:" >&2
    echo " " $wanted >&2
    exit 2
fi

missing=""
for package in $wanted; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exec .ci/swift-version.sh "$swift"

line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "Packages are missing, and installing them takes root. Run:" >&2
    echo "  sudo apt-get update && sudo $line" >&2
    exit 2
fi

echo "Installing:$missing"
attempt=1
# tshark asks a question when it is configured, and nginx must not start serving on the machine.
until $as_root env DEBIAN_FRONTEND=noninteractive sh -c "
    apt-get update -q -o Acquire::Retries=3 || true
    policy=/usr/sbin/policy-rc.d
    if [ ! -e \$policy ]; then
        printf '#!/bin/sh\nexit 101\n' > \$policy && chmod 755 \$policy
        trap 'rm -f '\$policy EXIT
    fi
    $line -q -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120"; do
    if [ $attempt = 3 ]; then
        echo "The packages could not be installed; the reason stands above. By hand: $line" >&2
        exit 2
    fi
    attempt=$((attempt + 1))
    sleep 5
done
exec .ci/swift-version.sh "$swift"
