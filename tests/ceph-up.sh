#!/bin/bash
# SPDX-License-Identifier: MIT
# A private S3 server for tests, thrown away afterwards: Ceph's radosgw with one monitor
# and one store in memory (at most 1 GB):
#
#     tests/ceph-up.sh DIR PORT ACCESS SECRET     make it, and print when it serves
#     tests/ceph-up.sh DIR stop                   stop it; then remove DIR yourself
#
# http on PORT, https on PORT+2 with a certificate by DIR/ceph/ca.pem for localhost and
# farm.localhost; PORT+1 and PORT+10 to PORT+40 are Ceph's own. It listens on 127.0.0.1
# only and never runs as root: root starts it as nobody. Buckets in the host's name work
# below localhost. The user may make roles, for temporary credentials by STS.
set -eu
umask 022

die() {
	echo "ceph-up.sh: $*" >&2
	exit 1
}

[ $# = 4 ] || [ "$*" = "${1:-} stop" ] || die "usage: tests/ceph-up.sh DIR PORT ACCESS SECRET, or DIR stop"
dir=$(realpath -m -- "$1")/ceph
self=$(realpath -- "$0")
cd /

# The daemons write a file each with their process id once they run.
stop() {
	local file pid

	for file in "$dir"/run/*.pid; do
		[ -f "$file" ] || continue
		pid=$(cat "$file")
		[ "$(readlink "/proc/$pid/exe" | sed 's,.*/,,;s, .*,,')" = "$(basename "$file" .pid)" ] || continue
		kill -KILL "$pid" # what is in memory is not wanted
		# Who has ended has no program, though its parent may not have asked for it yet.
		while readlink "/proc/$pid/exe" >/dev/null; do sleep 0.05; done
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
command -v radosgw >/dev/null || die "there is no radosgw; install radosgw ceph-mon ceph-osd ceph-common"

# Root goes on as nobody, in a folder of nobody's.
if [ "$(id -u)" = 0 ]; then
	install -d -o nobody -g nogroup "$dir"
	install "$self" "$dir/up.sh" # the checkout may be closed to nobody
	exec env HOME="$dir" setpriv --reuid nobody --regid nogroup --clear-groups -- \
		"$dir/up.sh" "${dir%/ceph}" "$2" "$3" "$4"
fi

port=$2 access=$3 secret=$4
mkdir -p "$dir/mon" "$dir/osd" "$dir/rgw" "$dir/run" "$dir/log"
export CEPH_CONF=$dir/ceph.conf CEPH_ARGS=
fsid=$(cat /proc/sys/kernel/random/uuid)

# Short intervals, else the monitor takes half a minute; one copy of everything.
cat >"$CEPH_CONF" <<-END
	[global]
	fsid = $fsid
	mon_host = v2:127.0.0.1:$((port + 1))/0
	mon_initial_members = a
	auth_cluster_required = cephx
	auth_service_required = cephx
	auth_client_required = cephx
	auth_allow_insecure_global_id_reclaim = false
	keyring = $dir/keyring
	public_network = 127.0.0.0/8
	ms_bind_msgr1 = false
	ms_bind_port_min = $((port + 10))
	ms_bind_port_max = $((port + 40))
	run_dir = $dir/run
	admin_socket = $dir/run/\$name.asok
	log_file = $dir/log/\$name.log
	crash_dir = $dir/log
	paxos_propose_interval = 0.05
	paxos_min_wait = 0.02
	mon_tick_interval = 1
	mon_allow_pool_size_one = true
	mon_osd_full_ratio = 0.97
	mon_osd_backfillfull_ratio = 0.96
	mon_osd_nearfull_ratio = 0.95
	osd_pool_default_size = 1
	osd_pool_default_min_size = 1
	osd_pool_default_pg_num = 2
	osd_pool_default_pgp_num = 2
	osd_pool_default_pg_autoscale_mode = off
	osd_crush_chooseleaf_type = 0
	[mon]
	mon_data = $dir/mon
	mon_cluster_log_file = $dir/log/cluster.log
	mon_data_avail_warn = 1
	mon_data_avail_crit = 1
	[osd]
	osd_data = $dir/osd
	osd_objectstore = memstore
	memstore_device_bytes = 1073741824
	osd_memory_target = 939524096
	[client.rgw]
	rgw_data = $dir/rgw
	rgw_frontends = beast tcp_nodelay=1 endpoint=127.0.0.1:$port ssl_endpoint=127.0.0.1:$((port + 2)) ssl_certificate=$dir/server.pem ssl_private_key=$dir/server.key
	rgw_dns_name = localhost
	rgw_s3_auth_use_sts = true
	rgw_sts_key = $(openssl rand -hex 8)
	rgw_enable_usage_log = false
	rgw_enable_gc_threads = false
	rgw_enable_quota_threads = false
	rgw_run_sync_thread = false
	rgw_dynamic_resharding = false
	rgw_thread_pool_size = 64
	rgw_num_rados_handles = 1
END

cd "$dir"

# A certificate authority of its own, and the server's certificate by it.
certificates() {
	local key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

	# shellcheck disable=SC2086 # words
	openssl req -x509 $key -days 30 -subj "/CN=test authority" -keyout ca.key -out ca.pem
	# shellcheck disable=SC2086 # words
	openssl req $key -subj /CN=localhost -keyout server.key -out server.csr
	echo "subjectAltName=DNS:localhost,DNS:farm.localhost,IP:127.0.0.1" >server.ext
	openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 2 -days 30 \
		-extfile server.ext -out server.pem
}

keys() {
	ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *'
	ceph-authtool keyring --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' \
		--cap mgr 'allow *'
	ceph-authtool keyring --gen-key -n client.rgw --cap mon 'allow rw' --cap osd 'allow rwx'
	ceph-authtool keyring --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
}

# daemon PROGRAM WORDS...: Start it in the background.
daemon() {
	local name=$1

	setsid "$@" -f >"log/$name.out" 2>&1 </dev/null &
	echo $! >"run/$name.pid"
}

# tried WHAT COMMAND...: Do it, or end with the end of its words.
tried() {
	local what=$1

	shift
	if ! timeout 60 "$@" >"log/$what.out" 2>&1 </dev/null; then
		stop
		die "$what: $(tail -n 5 "log/$what.out")"
	fi
}

certificates 2>log/openssl.out || die "openssl failed: $(cat log/openssl.out)"
keys >log/keys.out 2>&1 || die "ceph-authtool failed: $(cat log/keys.out)"
tried monmap monmaptool --create --addv a "[v2:127.0.0.1:$((port + 1))/0]" --fsid "$fsid" monmap
tried mon-mkfs ceph-mon -i a --mkfs --monmap monmap --keyring keyring
daemon ceph-mon -i a
osd=$(cat /proc/sys/kernel/random/uuid)
tried osd-new ceph --connect-timeout 20 osd new "$osd" 0
tried osd-mkfs ceph-osd -i 0 --mkfs --osd-uuid "$osd"
daemon ceph-osd -i 0
# Before the gateway starts: together they would quarrel over who makes the pools.
tried user radosgw-admin -n client.rgw user create --uid test --display-name test \
	--access-key "$access" --secret "$secret" --caps "roles=*;user-policy=*"
daemon radosgw -n client.rgw
for _ in $(seq 200); do
	if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
		echo "http://localhost:$port https://localhost:$((port + 2)) $dir/ca.pem"
		exit
	fi
	sleep 0.1
done
stop
die "radosgw does not serve: $(tail -n 5 log/radosgw.out)"
