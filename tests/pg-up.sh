#!/bin/bash
# SPDX-License-Identifier: MIT
# A private PostgreSQL 15 for tests, thrown away afterwards:
#
#     tests/pg-up.sh DIR PORT     make (or start again) and print the URL to use
#     tests/pg-up.sh DIR stop     stop it; then remove DIR yourself
#
# It listens on 127.0.0.1 only, over TLS only, with SCRAM passwords, so that tests
# connect as production does (sslmode=verify-full). It never runs as root: root starts
# it as nobody. Nothing is synced to the disk, so it tells nothing about durability.
set -eu
umask 022

bin=/usr/lib/postgresql/15/bin

die() {
	echo "pg-up.sh: $*" >&2
	exit 1
}

if [ $# != 2 ]; then
	die "usage: tests/pg-up.sh DIR PORT|stop"
fi
[ -x $bin/initdb ] || die "there is no $bin/initdb; install postgresql-15"
dir=$(realpath -m -- "$1")
data=$dir/pg/data
cd /

# as_user COMMAND...: Run it as nobody if we are root. HOME must be readable, else
# psql stumbles over the certificates it looks for there.
as_user() {
	if [ "$(id -u)" = 0 ]; then
		HOME=$dir setpriv --reuid nobody --regid nogroup --clear-groups -- "$@"
	else
		HOME=$dir "$@"
	fi
}

if [ "$2" = stop ]; then
	[ -f "$data/postmaster.pid" ] || exit 0
	as_user $bin/pg_ctl -D "$data" -s -w -t 60 -m fast stop
	exit
fi

case $2 in
"" | *[!0-9]*) die "PORT must be a number, not \"$2\"" ;;
esac
port=$2

start() {
	as_user $bin/pg_ctl -D "$data" -s -w -t 60 -l "$dir/pg/log" start >/dev/null </dev/null ||
		die "PostgreSQL did not start: $(tail -n 5 "$dir/pg/log")"
}

if [ -f "$dir/pg/url" ]; then
	start
	cat "$dir/pg/url"
	exit
fi

mkdir -p "$dir"
mkdir "$dir/pg" || die "$dir/pg is already there, but not finished: remove it"
if [ "$(id -u)" = 0 ]; then
	chown nobody:nogroup "$dir/pg"
fi
as_user test -w "$dir/pg" || die "the user nobody can't reach $dir"

# A certificate authority of its own, and the server's certificate by it.
certificates() {
	as_user sh -eu -c 'cd "$1"
		key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
		openssl req -x509 $key -days 30 -subj "/CN=test authority" \
			-keyout ca.key -out ca.pem
		openssl req $key -subj /CN=localhost -keyout server.key -out server.csr
		echo "subjectAltName=DNS:localhost,IP:127.0.0.1" >server.ext
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 2 \
			-days 30 -extfile server.ext -out server.pem
		chmod 600 server.key
		rm ca.key server.csr server.ext' sh "$dir/pg" 2>"$dir/openssl.log" ||
		die "openssl failed: $(cat "$dir/openssl.log")"
	rm -f "$dir/openssl.log"
}

admin=$(openssl rand -hex 16)
password=$(openssl rand -hex 16)

cluster() {
	as_user sh -c 'umask 077 && echo "$2" >"$1/admin"' sh "$dir/pg" "$admin"
	as_user $bin/initdb -D "$data" -U postgres -A scram-sha-256 --pwfile "$dir/pg/admin" \
		--no-sync --locale C.UTF-8 --encoding UTF8 >/dev/null
	as_user tee -a "$data/postgresql.conf" >/dev/null <<-END
		listen_addresses = '127.0.0.1'
		port = $port
		unix_socket_directories = ''
		max_connections = 60
		shared_buffers = 32MB
		password_encryption = 'scram-sha-256'
		ssl = on
		ssl_cert_file = '../server.pem'
		ssl_key_file = '../server.key'
		ssl_min_protocol_version = 'TLSv1.2'
		fsync = off
		synchronous_commit = off
		full_page_writes = off
		log_line_prefix = '%m %p '
	END
	echo "hostssl all all 127.0.0.1/32 scram-sha-256" |
		as_user tee "$data/pg_hba.conf" >/dev/null
}

certificates
cluster
start
where="localhost:$port"
tls="sslmode=verify-full&sslrootcert=$dir/pg/ca.pem"
PGPASSWORD=$admin as_user $bin/psql -X -q -v ON_ERROR_STOP=1 \
	-d "postgresql://postgres@$where/postgres?$tls" \
	-c "CREATE ROLE cem LOGIN PASSWORD '$password'" -c "CREATE DATABASE cem OWNER cem" ||
	die "could not make the database"
as_user sh -c 'echo "$2" >"$1/url"' sh "$dir/pg" \
	"postgresql://cem:$password@$where/cem?$tls"
cat "$dir/pg/url"
