#!/bin/sh
# Makes the Python environment of the tests: venv.sh DIRECTORY REQUIREMENTS. It sees Debian's own Python packages
# (python3-thrift), which only Debian's own interpreter can load.
set -eu
directory=$1
requirements=$2
python=/usr/bin/python3
[ -x $python ] || python=python3
rm -rf "$directory"
$python -m venv --system-site-packages "$directory"
attempt=1
until "$directory/bin/pip" install -q --disable-pip-version-check --retries 5 --timeout 60 -r "$requirements"; do
    if [ $attempt = 3 ]; then
        echo "The Python packages of $requirements could not be installed; the reason stands above." >&2
        exit 2
    fi
    attempt=$((attempt + 1))
    sleep 5
done
