#!/bin/sh
# Fetches the Thrift IDLs that Python packages bring with them: idl.sh DIRECTORY PACKAGES PYTHON. Nothing of the packages is
# installed or run but the build of thriftpy2's metadata, which pip asks for.
set -eu
directory=$1
packages=$2
python=$3
rm -rf "$directory"
mkdir -p "$directory"
attempt=1
until "$python" -m pip download -q --disable-pip-version-check --retries 5 --timeout 60 --no-deps --no-binary thriftpy2 \
    -d "$directory/.packages" -r "$packages"; do
    if [ $attempt = 3 ]; then
        echo "The packages of $packages could not be fetched; the reason stands above." >&2
        exit 2
    fi
    attempt=$((attempt + 1))
    sleep 5
done
"$python" - "$directory" <<'END'
import pathlib, sys, tarfile, zipfile

root = pathlib.Path(sys.argv[1])

def keep(name, data):
    path = pathlib.PurePosixPath(name)
    if path.suffix != ".thrift" or path.is_absolute() or ".." in path.parts:
        return
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)

for package in sorted((root / ".packages").iterdir()):
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            for name in archive.namelist():
                keep(name, archive.read(name))
    else:
        with tarfile.open(package) as archive:
            for member in archive:
                if member.isfile():
                    keep(member.name, archive.extractfile(member).read())
print(len(list(root.rglob("*.thrift"))), "IDLs in", root)
END
rm -rf "$directory/.packages"
