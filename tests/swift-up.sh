#!/bin/bash
# SPDX-License-Identifier: MIT
# A private OpenStack Swift with its S3 layer, thrown away afterwards: it checks
# signatures with code of its own, so it is a second opinion beside tests/ceph-up.sh.
#
#     tests/swift-up.sh DIR PORT     make it, and print its address when it serves
#     tests/swift-up.sh DIR stop     stop it; then remove DIR yourself
#
# PORT to PORT+4 are its own, on 127.0.0.1 only. The access key is test:tester, the secret
# key testing. It never runs as root: root starts it as nobody.
set -eu
umask 022

die() {
	echo "swift-up.sh: $*" >&2
	exit 1
}

[ $# = 2 ] || die "usage: tests/swift-up.sh DIR PORT|stop"
dir=$(realpath -m -- "$1")/swift
self=$(realpath -- "$0")
cd /

stop() {
	local file pid

	for file in "$dir"/run/*.pid; do
		[ -f "$file" ] || continue
		pid=$(cat "$file")
		grep -qsa "$dir/conf\|memcached" "/proc/$pid/cmdline" || continue
		kill -KILL "$pid" # nothing of it is wanted
		while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	done
	rm -f "$dir"/run/*.pid
}

if [ "$2" = stop ]; then
	stop
	exit
fi
case $2 in
"" | *[!0-9]*) die "PORT must be a number, not \"$2\"" ;;
esac
command -v swift-proxy-server >/dev/null || die "there is no Swift; install swift-proxy swift-account swift-container swift-object memcached"

if [ "$(id -u)" = 0 ]; then
	install -d -o nobody -g nogroup "$dir"
	install "$self" "$dir/up.sh" # the checkout may be closed to nobody
	exec env HOME="$dir" setpriv --reuid nobody --regid nogroup --clear-groups -- \
		"$dir/up.sh" "${dir%/swift}" "$2"
fi

port=$2
mkdir -p "$dir/conf" "$dir/disk/d1" "$dir/run" "$dir/log" "$dir/cache"
export SWIFT_DIR=$dir/conf
cd "$dir"

cat >conf/swift.conf <<-END
	[swift-hash]
	swift_hash_path_suffix = $(openssl rand -hex 8)
	swift_hash_path_prefix = $(openssl rand -hex 8)
	[swift-constraints]
	max_header_size = 16384
END

# common PORT: What each server's settings begin with.
common() {
	cat <<-END
		[DEFAULT]
		bind_ip = 127.0.0.1
		bind_port = $1
		workers = 0
		user = $(id -un)
		swift_dir = $dir/conf
		devices = $dir/disk
		mount_check = false
		disable_fallocate = true
		log_level = WARNING
		log_address = $dir/none
	END
}

# storage NAME PORT: One of the three storage servers, and its ring of one device.
storage() {
	local ring=conf/$1.builder

	swift-ring-builder "$ring" create 1 1 0
	swift-ring-builder "$ring" add "r1z1-127.0.0.1:$2/d1" 1
	swift-ring-builder "$ring" rebalance || [ $? = 1 ] # 1: it warns
	{
		common "$2"
		cat <<-END
			[pipeline:main]
			pipeline = $1-server
			[app:$1-server]
			use = egg:swift#$1
			recon_cache_path = $dir/cache
		END
	} >"conf/$1.conf"
}

proxy() {
	local name

	common "$port"
	cat <<-END
		[pipeline:main]
		pipeline = catch_errors cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server
		[app:proxy-server]
		use = egg:swift#proxy
		account_autocreate = true
		allow_account_management = true
		[filter:cache]
		use = egg:swift#memcache
		memcache_servers = 127.0.0.1:$((port + 4))
		[filter:s3api]
		use = egg:swift#s3api
		location = us-east-1
		s3_acl = false
		check_bucket_owner = false
		[filter:tempauth]
		use = egg:swift#tempauth
		user_test_tester = testing .admin
		[filter:versioned_writes]
		use = egg:swift#versioned_writes
		allow_versioned_writes = true
		allow_object_versioning = true
	END
	for name in catch_errors listing_formats bulk copy slo dlo symlink; do
		printf '[filter:%s]\nuse = egg:swift#%s\n' "$name" "$name"
	done
}

{
	storage account $((port + 1))
	storage container $((port + 2))
	storage object $((port + 3))
} >log/rings.out 2>&1 || die "the rings: $(tail -n 5 log/rings.out)"
proxy >conf/proxy.conf
setsid memcached -l 127.0.0.1 -p $((port + 4)) -U 0 -m 16 >log/memcached.out 2>&1 </dev/null &
echo $! >run/memcached.pid
for name in account container object proxy; do
	setsid "swift-$name-server" "$dir/conf/$name.conf" >"log/$name.out" 2>&1 </dev/null &
	echo $! >"run/$name.pid"
done
for server in 1 2 3 0; do
	for _ in $(seq 300); do
		if (exec 3<>"/dev/tcp/127.0.0.1/$((port + server))") 2>/dev/null; then
			continue 2
		fi
		sleep 0.1
	done
	stop
	die "it does not serve: $(tail -n 5 log/*.out)"
done
echo "http://localhost:$port"
