#!/bin/sh
# SPDX-License-Identifier: MIT
# Two archives that a static libpq needs, libpgcommon_shlib.a and libpgport_shlib.a:
#
#     tools/pgcommon.sh OUTDIR
#
# Debian has them in postgresql-server-dev-15, which brings clang and LLVM with it
# (730 MB). So the package is only unpacked here, not installed, unless it is there
# already. The version is the one of libpq-dev where the mirrors still have it.
# No privileges are needed. A second run does nothing.
set -eu

names="libpgcommon_shlib.a libpgport_shlib.a"
home=usr/lib/postgresql/15/lib

[ $# -eq 1 ] || { echo "usage: tools/pgcommon.sh OUTDIR" >&2; exit 1; }
mkdir -p "$1"
out=$(cd "$1" && pwd)

version=$(dpkg-query -W -f='${source:Version}' libpq-dev)
stamp=$out/pgcommon.stamp
if [ "$(cat "$stamp" 2>/dev/null)" = "$version" ]; then
	exit 0
fi

# fetch: Unpack the package below $work.
fetch()
{
	cd "$work"
	for wanted in "postgresql-server-dev-15=$version" postgresql-server-dev-15; do
		if apt-get -qq -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=3 \
		    download "$wanted" 2>"$work/error"; then
			dpkg-deb -x postgresql-server-dev-15_*.deb "$work"
			return
		fi
	done
	cat "$work/error" >&2
	echo "pgcommon.sh: cannot download postgresql-server-dev-15" \
	    "(try: apt-get update)" >&2
	exit 1
}

work=$out/pgcommon.$$
mkdir "$work"
trap 'rm -rf "$work"' EXIT
from=/$home
if [ ! -f "$from/libpgcommon_shlib.a" ]; then
	fetch
	from=$work/$home
fi
for name in $names; do
	cp "$from/$name" "$out/$name.new"
	mv "$out/$name.new" "$out/$name"
done
echo "$version" >"$stamp"
