#!/bin/bash
# SPDX-License-Identifier: MIT
# Proves that the checkout builds and passes its tests on a fresh Debian 12 with nothing
# but what `./run` installs itself. For developers; needs root, mmdebstrap, a network,
# and about 3 GB of memory in /dev/shm:
#
#     tests/bare.sh [PART...]     the parts of ./run test (unit); KEEP=1 keeps the root
#
# What is tested is the last commit. The mirrors are those this host uses.
set -eu

die() {
	echo "bare.sh: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || die "this needs root"
command -v mmdebstrap >/dev/null || die "this needs mmdebstrap"
checkout=$(realpath "$(dirname "$0")/..")
bare=$(mktemp -d /dev/shm/cem-bare-XXXXXX)
[ $# -gt 0 ] || set -- unit

cleanup() {
	local place process

	set +e
	for process in /proc/[0-9]*; do # what a broken test has left running inside
		[ "$(readlink "$process/root")" != "$bare" ] || kill -KILL "${process#/proc/}"
	done
	for place in proc dev/shm; do
		! mountpoint -q "$bare/$place" || umount "$bare/$place" || umount -l "$bare/$place"
	done
	if [ -n "${KEEP:-}" ]; then
		echo "kept $bare"
	else
		rm -rf --one-file-system "$bare"
	fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The host's lists of Debian itself: no others are wanted here.
lists() {
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk '$3 == "main" && $2 ~ /^bookworm/ { print "deb", $1, $2, $3 }' | sort -u
}

lists >"$bare.list"
[ -s "$bare.list" ] || die "apt knows no mirror here; run apt-get update"
echo "bare.sh: making a minimal Debian 12 in $bare"
TMPDIR=/dev/shm mmdebstrap --quiet --variant=minbase --include=ca-certificates \
	--dpkgopt=force-unsafe-io --dpkgopt=path-exclude=/usr/share/man/* \
	--dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/locale/* \
	bookworm "$bare" "$bare.list" || die "mmdebstrap failed"
rm -f "$bare.list"
chmod 755 "$bare"
mount -t proc proc "$bare/proc"
mkdir -p "$bare/dev/shm" "$bare/srv/cem"
mount -t tmpfs tmpfs "$bare/dev/shm"
cp -L /etc/resolv.conf /etc/hosts "$bare/etc/"
git -C "$checkout" archive HEAD | tar -x -C "$bare/srv/cem"

inside() {
	chroot "$bare" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb "$@" </dev/null
}

seconds=$SECONDS
inside /srv/cem/run build
echo "bare.sh: ./run build took $((SECONDS - seconds)) s," \
	"$(du -sm --one-file-system "$bare" | cut -f 1) MB in all"
inside /srv/cem/build/release/cem version
seconds=$SECONDS
inside /srv/cem/run test "$@"
echo "bare.sh: ./run test $* took $((SECONDS - seconds)) s"
