#!/bin/sh
# Makes DIRECTORY with static archives and pkg-config files that lead to them: static-libraries.sh DIRECTORY.
# SwiftPM takes the search path of a system library from pkg-config; a folder without the shared object leaves the
# linker the archive alone. No linker flags are needed, which SwiftPM would call unsafe.
set -eu
directory=$1
mkdir -p "$directory"
# libpcap stays the system's. Its own file names the system's folder, in which the linker would find shared objects of all
# the others first; the linker knows that folder anyway.
cat > "$directory/libpcap.pc" <<PC
Name: libpcap
Description: libpcap, linked dynamically
Version: $(pkg-config --modversion libpcap)
Libs: -L$directory -lpcap
Cflags:
PC
for set in libzstd:zstd yaml-0.1:yaml libdeflate:deflate zlib:z libbrotlidec:brotlidec,brotlicommon; do
    module=${set%%:*}
    flags=""
    for library in $(echo "${set##*:}" | tr , ' '); do
        archive=$(g++ -print-file-name="lib$library.a")
        if [ ! -e "$archive" ]; then
            echo "There is no lib$library.a; it comes with the -dev package of $module (make deps)." >&2
            exit 2
        fi
        ln -sf "$archive" "$directory/"
        flags="$flags -l$library"
    done
    cat > "$directory/$module.pc" <<PC
Name: $module
Description: $module, linked statically
Version: $(pkg-config --modversion "$module")
Libs: -L$directory$flags
Cflags: $(pkg-config --cflags "$module")
PC
done
