#!/bin/bash
# SPDX-License-Identifier: MIT
# The figures that the server is held to, measured on this machine in one run:
#
#     tests/bench.sh [--quick] [--sqlite] [FIGURE...]
#
# --quick takes less time and says less; --sqlite leaves PostgreSQL out. FIGURE is web,
# pgsql, file, card, start, memory, jobs, import or files; none means all, 10 minutes or so. It
# prints a table; "short" marks what misses its goal. The exit status is 0 whatever the figures
# are: they depend on the machine and on what else it does. list and scale are not among
# all: they make a million files, or registers of a million farmers, first; scale keeps
# these for the next time in the folder that CEM_BENCH_REGISTERS names.
#
# Each figure is a ratio to something simple that runs at the same moment: a bare
# libfcgi program behind the same nginx, a bare loop over cairo, nginx's own file.
# Servers are made by ./run on ports and in a folder of their own, gone afterwards.
set -u
umask 022

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd) || exit 1
say() { printf 'bench: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

. "$root/tools/packages.sh"

words=()
for word; do
	case $word in
	--quick | --sqlite) words+=("${word#--}") ;;
	web | pgsql | file | card | start | memory | jobs | import | files | list | scale) words+=("$word") ;;
	*) die "usage: tests/bench.sh [--quick] [--sqlite] [FIGURE...]" ;;
	esac
done

# shellcheck disable=SC2086 # names without blanks
packages_install $build_packages $run_packages $test_packages ${bench_packages:-}
missing=$(packages_missing python3-reportlab python3-qrcode wrk | tr '\n' ' ')
[ -z "$missing" ] || die "these packages are missing: $missing"

"$root/run" build >&2 || exit 1
build=$root/build/bench
mkdir -p "$build" || exit 1
cc="gcc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror"
$cc -o "$build/bare_fcgi" "$root/tests/bench/bare_fcgi.c" -lfcgi &&
	$cc -o "$build/mover" "$root/tests/bench/mover.c" -lssl -lcrypto &&
	$cc -I/usr/include/cairo -I/usr/include/freetype2 -I"$root/build/deps" \
		-o "$build/bare_card" "$root/tests/bench/bare_card.c" \
		"$root/build/deps/libqrencode.a" -lcairo -lfreetype -lm ||
	die "the programs to compare with could not be built"

folder=$(mktemp -d "${TMPDIR:-/tmp}/cem-bench-XXXXXX") && chmod 755 "$folder" || exit 1
python=
trap '[ -z "$python" ] || kill -TERM "$python" 2>/dev/null' INT TERM HUP
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$root/tests/bench/bench.py" \
	"$build" "$folder" "${words[@]}" </dev/null &
python=$!
status=130
while kill -0 $python 2>/dev/null; do
	wait $python
	status=$?
done
rm -rf "$folder"
exit $status
