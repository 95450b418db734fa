#!/bin/sh
# SPDX-License-Identifier: MIT
# Build libqrencode.a from Debian's own source, because Debian ships no archive of it
# and the released program is linked statically:
#
#     tools/qrencode.sh OUTDIR
#
# leaves OUTDIR/libqrencode.a and OUTDIR/qrencode.h. The source comes through apt from
# the mirrors this host is already set up for; apt's own lists and cache stay untouched,
# all state is under OUTDIR, so no privileges are needed. A second run does nothing.
set -eu

version=4.1.1
sum=e455d9732f8041cf5b9c388e345a641fd15707860f928e94507b1961256a6923
parts="bitstream mask mmask mqrspec qrencode qrinput qrspec rsecc split"

die()
{
	echo "qrencode.sh: $*" >&2
	exit 1
}

[ $# -eq 1 ] || die "usage: tools/qrencode.sh OUTDIR"
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$out/qrencode
tarball=qrencode_$version.orig.tar.bz2

# Written last, so half a build never counts as done; another script builds anew.
stamp="$sum $(cksum <"$0")"
if [ "$(cat "$work/stamp" 2>/dev/null)" = "$stamp" ] &&
    [ -s "$out/libqrencode.a" ] && [ -s "$out/qrencode.h" ]; then
	exit 0
fi

checked()
{
	[ -s "$work/$tarball" ] &&
	    echo "$sum  $work/$tarball" | sha256sum --check --status
}

# with_apt COMMAND...: apt-get with a list, cache and state of its own.
with_apt()
{
	apt-get -qq \
	    -o Dir::Etc::SourceList="$work/apt/sources.list" \
	    -o Dir::Etc::SourceParts=/dev/null \
	    -o Dir::State="$work/apt/state" \
	    -o Dir::State::Lists="$work/apt/lists" \
	    -o Dir::State::Status=/var/lib/dpkg/status \
	    -o Dir::Cache="$work/apt/cache" \
	    -o APT::Sandbox::User="$(id -un)" \
	    -o Acquire::Languages=none \
	    -o Acquire::Retries=3 \
	    "$@"
}

# The mirrors of this release that the host already uses, as a deb-src list.
write_list()
{
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	option=
	[ -r "$keyring" ] && option="[signed-by=$keyring] "
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
	    'Created-By: Packages' | sort -u |
	    while read -r uri release component; do
		[ "$release" = "$codename" ] && [ "$component" = main ] || continue
		echo "deb-src $option$uri $release main"
	done >"$work/apt/sources.list"
	[ -s "$work/apt/sources.list" ] ||
	    die "apt knows no mirror of '$codename main'; see /etc/apt/sources.list"
}

download()
{
	rm -rf "$work/apt"
	mkdir -p "$work/apt/state" "$work/apt/lists/partial" \
	    "$work/apt/cache/archives/partial"
	write_list
	with_apt update >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		die "apt could not read the source lists; is the network up?"
	}
	(cd "$work" && with_apt source --tar-only --download-only \
	    qrencode >"$work/log" 2>&1) || {
		cat "$work/log" >&2
		die "apt could not download the source of qrencode"
	}
	rm -rf "$work/apt"
	[ -s "$work/$tarball" ] || die "apt brought no $tarball: $(ls "$work")"
	checked || die "$work/$tarball does not have the SHA-256 $sum"
}

# STATIC_IN_RELEASE is left empty, as in the library's own test build: core/qr.c calls
# QRcode_encodeMask, to choose the mask twenty times faster than the library does.
build()
{
	rm -rf "$work/src"
	mkdir "$work/src"
	tar -xjf "$work/$tarball" --strip-components=1 --no-same-owner -C "$work/src"
	cd "$work/src"
	objects=
	for part in $parts; do
		${CC:-cc} -O2 -fPIE -ffunction-sections -fdata-sections \
		    -DMAJOR_VERSION=4 -DMINOR_VERSION=1 -DMICRO_VERSION=1 \
		    -DVERSION="\"$version\"" -DSTATIC_IN_RELEASE= \
		    -c "$part.c" -o "$part.o" || die "could not compile $part.c"
		objects="$objects $part.o"
	done
	rm -f libqrencode.a
	${AR:-ar} rcs libqrencode.a $objects || die "could not make libqrencode.a"
	mv libqrencode.a "$out/libqrencode.a"
	cp qrencode.h "$out/qrencode.h"
}

for tool in apt-get bzip2 tar sha256sum "${CC:-cc}" "${AR:-ar}"; do
	command -v "$tool" >/dev/null || die "$tool is missing"
done
mkdir -p "$work"
checked || download
build
echo "$stamp" >"$work/stamp"
