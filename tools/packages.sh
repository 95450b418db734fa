# SPDX-License-Identifier: MIT
# The Debian packages that building, running and testing need, and how they get onto
# the machine. Read by ./run; needs say and die.

# In the order: tools, what the program links, what it runs with.
build_packages="gcc libc6-dev ninja-build bzip2
	libfcgi-dev libsqlite3-dev libpq-dev libcairo2-dev libfreetype-dev libpng-dev
	libpixman-1-dev libfontconfig-dev libexpat1-dev libbrotli-dev libssl-dev
	libsodium-dev libjansson-dev libjpeg62-turbo-dev libwebp-dev zlib1g-dev
	libcrypt-dev libseccomp-dev libcurl4-openssl-dev libnghttp2-dev libidn2-dev
	libunistring-dev libssh2-1-dev libpsl-dev libzstd-dev fonts-open-sans"
run_packages="nginx openssl curl ca-certificates util-linux"
test_packages="python3 python3-pytest python3-requests python3-psycopg2 python3-pil
	python3-prometheus-client
	postgresql-15 clamav-daemon wrk zbar-tools poppler-utils qpdf file strace clang
	libclang-rt-14-dev procps chromium chromium-driver python3-selenium
	radosgw ceph-mon ceph-osd ceph-common python3-boto3 s3cmd faketime"
# For ./run test swift only.
swift_packages="swift-proxy swift-account swift-container swift-object memcached"
bench_packages="wrk python3-reportlab python3-qrcode"

# packages_missing NAME...: Those of them that are not installed.
packages_missing() {
	local name

	for name; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
			echo "$name"
	done
}

# as_root COMMAND...: Run it as root, by sudo if need be.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -- "$@"
	fi </dev/null
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

# install_now NAME...: Install. The services that come with them (nginx on port 80)
# are neither started nor left switched on, if the packages are new here.
install_now() {
	local policy=/usr/sbin/policy-rc.d status=0

	if [ ! -e $policy ]; then
		as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
	else
		policy=
	fi
	apt install --no-install-recommends "$@" || status=$?
	[ -z "$policy" ] || as_root rm -f $policy
	return $status
}

# packages_install NAME...: Make sure that all are there, or end.
packages_install() {
	local missing

	command -v dpkg-query >/dev/null || die "this needs Debian 12 (no dpkg here)"
	missing=$(packages_missing "$@" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		die "packages are missing and this is neither root nor is there sudo." \
			"As root: apt-get install --no-install-recommends $missing"
	fi
	say "installing Debian packages: $missing"
	case " $missing" in *" postgresql-15 "*) no_own_cluster ;; esac
	ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt update
	# shellcheck disable=SC2086 # names without blanks
	if ! install_now $missing; then
		say "that failed; trying once more with fresh package lists"
		apt update && install_now $missing ||
			die "could not install the packages; see apt's words above"
	fi
	case " $missing " in *" nginx "*) switch_off nginx ;; esac
	case " $missing " in *" clamav-daemon "*)
		switch_off clamav-daemon.socket clamav-daemon clamav-freshclam ;;
	esac
}

# switch_off SERVICE...: The services of new packages, which would begin with the machine.
switch_off() {
	[ -d /run/systemd/system ] || return 0
	as_root systemctl disable --quiet "$@" || say "could not switch off the service: $*"
}

# no_own_cluster: PostgreSQL is only wanted for its programs; without this Debian
# would also start a server on port 5432.
no_own_cluster() {
	local file=/etc/postgresql-common/createcluster.conf

	grep -qs '^create_main_cluster' $file && return 0
	as_root sh -c "mkdir -p ${file%/*} && echo 'create_main_cluster = false' >>$file"
}
