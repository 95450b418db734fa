# SPDX-License-Identifier: MIT
# ./run serve: state folder, secrets, certificate, web server, first administrator,
# then the program and nginx until one of them ends or a signal comes. Read by ./run.
#
# Started by root, everything below the state folder is done as the user cem, also
# the writing of files: root follows no path that cem could have bent.

PATH=$PATH:/usr/sbin:/sbin
nginx_workers=2

serve() {
	serve_options "$@"
	# shellcheck disable=SC2086 # names without blanks
	packages_install $build_packages $run_packages
	account_pick
	state_pick
	ninja_build build/release/cem
	umask 027
	state_make
	conf_make
	settings_read
	files_make
	certificate_make
	nginx_make
	ports_free
	stopping= cem_pid= nginx_pid= new_password=
	trap 'stop_all' EXIT
	database_make
	trap 'stopping=1' INT TERM HUP
	start_all
	welcome
	watch
}

serve_options() {
	port=8443 state= samples=0 workers= database=
	while [ $# -gt 0 ]; do
		case $1 in
		--port | --state | --workers | --sample | --database)
			[ $# -gt 1 ] && [ -n "$2" ] || die "$1 needs a value" ;;
		--help) help; exit ;;
		*) die "there is no option \"$1\"; ./run help says what there is" ;;
		esac
		case $1 in
		--port) port=$2 ;;
		--state) state=$(realpath -m -- "$2") ;;
		--workers) workers=$2 ;;
		--sample) samples=$2 ;;
		--database) database=$2 ;;
		esac
		shift 2
	done
	whole --sample "$samples" 0 1000000
	[ -z "$workers" ] || whole --workers "$workers" 1 256
	whole --port "$port" 2 65535
	local first
	first=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
	[ $((port - 1)) -ge "$first" ] || [ "$first" -le 1 ] ||
		die "--port must be above $first: lower ones (and the one below it, for plain HTTP) are root's"
	case ${database:=${DATABASE_URL:-}} in
	"" | sqlite:/* | postgres://* | postgresql://*) ;;
	sqlite:?*) database=sqlite:$(realpath -m -- "${database#sqlite:}") ;;
	*) die "--database is sqlite:FILE or postgresql://USER:PASSWORD@HOST/NAME" ;;
	esac
}

# account_pick: Root does not serve: it makes the user cem for that.
account_pick() {
	account=
	[ "$(id -u)" = 0 ] || return 0
	account=cem
	if ! id "$account" >/dev/null 2>&1; then
		say "making the system user $account, who owns the state folder and runs everything"
		useradd --system --user-group --no-create-home --home-dir /nonexistent \
			--shell /usr/sbin/nologin "$account" || die "could not make the user $account"
	fi
}

# as_user COMMAND...: Run it as whoever serves.
as_user() {
	if [ -n "$account" ]; then
		HOME=$state setpriv --reuid "$account" --regid "$account" --clear-groups -- "$@"
	else
		"$@"
	fi
}

# save FILE MODE: Standard input becomes FILE, whole or not at all.
save() {
	as_user sh -c 'umask 077 && cat >"$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"' \
		save "$1" "$2" || die "could not write $1"
}

# state_pick: Which folder, and can the user get there?
state_pick() {
	if [ -z "$state" ]; then
		state=$root/var
		if [ -n "$account" ] && ! as_user test -x "$root"; then
			state=/var/lib/cem
			say "the user $account may not enter $root, so the state folder is $state"
		fi
	fi
	cd / || exit 1
	case $state in
	*[!A-Za-z0-9/._+@-]*)
		die "the path of the state folder may have letters, digits and / . _ + @ - only: $state" ;;
	esac
	[ ${#state} -le 90 ] || die "the path of the state folder is too long (90 at most): $state"
}

# in_use: Die: somebody holds the lock.
in_use() {
	local file pids=

	for file in "$state"/run/*.pid; do
		[ -r "$file" ] && pids="$pids $(cat "$file")"
	done
	die "the state folder $state is in use by another ./run (processes$pids)." \
		"Stop that one first, or choose another --state and --port"
}

# state_make: The folder, owned by the user, locked by us until the last of our
# processes ends, so that two programs never write one database file.
state_make() {
	if [ ! -d "$state" ]; then
		mkdir -p "$state" || die "could not make the state folder $state"
		chmod 750 "$state"
		say "made the state folder $state"
	fi
	if [ -z "$(ls -A -I lost+found "$state")" ] && [ -n "$account" ]; then
		chown "$account:" "$state"
		chmod 750 "$state"
	fi
	as_user test -d "$state" -a -x "$state" ||
		die "the user ${account:-$(id -un)} can't reach $state:" \
			"let it enter every folder above, or choose another with --state"
	as_user test -w "$state" ||
		die "$state belongs to $(stat -c %U "$state"), not to ${account:-$(id -un)}:" \
			"start it as that user, or choose another --state"
	exec 9<"$state" || exit 1
	flock -n 9 || in_use
	if [ -n "$(ls -A -I lost+found "$state")" ] && [ ! -e "$state/cem.conf" ]; then
		die "$state has files in it but no cem.conf with the secrets they were written with." \
			"Put cem.conf back, or choose an empty folder with --state"
	fi
}

# conf_get KEY: Its value in cem.conf; empty if it has none.
conf_get() {
	as_user sed -n "s/^[ \t]*$1[ \t]*=[ \t]*//p" "$state/cem.conf" | tail -n 1
}

# conf_make: cem.conf, once. Its secrets open the sealed data: it must never be lost.
conf_make() {
	local before text

	if [ ! -e "$state/cem.conf" ]; then
		save "$state/cem.conf" 600 <<-END
			# Settings of this register, read at start; README.md lists them all.
			# Keep a copy in a safe place: without SECRET_KEY the stored NRCs
			# can't be read and no card can be signed.
			STATE_DIR=$state
			SOCKET=$state/run/cem.sock
			DATABASE_URL=${database:-sqlite:$state/db/cem.db}
			JWT_SECRET=$(openssl rand -hex 32)
			SECRET_KEY=$(openssl rand -hex 32)
			# The interface described at /docs; take this line out in production.
			DOCS=true
		END
		say "made $state/cem.conf with new secrets"
		return
	fi
	before=$(conf_get STATE_DIR)
	[ "$before" != "$state" ] || return 0
	text=$(as_user sed "s,^\\(STATE_DIR=\\|SOCKET=\\|DATABASE_URL=sqlite:\\)${before//./\\.},\\1$state," \
		"$state/cem.conf") && grep -q '^SECRET_KEY=' <<<"$text" ||
		die "could not correct the paths in $state/cem.conf; write $state for $before there"
	save "$state/cem.conf" 600 <<<"$text"
	say "the state folder was $before; cem.conf now says $state"
}

# settings_read: What this script needs to know of them; the environment wins.
settings_read() {
	[ -z "$workers" ] || export WORKERS="$workers"
	[ -z "$database" ] || export DATABASE_URL="$database"
	workers=${WORKERS:-$(conf_get WORKERS)}
	workers=${workers:-8}
	max_upload=${MAX_UPLOAD_SIZE_MB:-$(conf_get MAX_UPLOAD_SIZE_MB)}
	max_upload=${max_upload:-10}
	whole WORKERS "$workers" 1 256
	whole MAX_UPLOAD_SIZE_MB "$max_upload" 1 100
	max_file=${MAX_FILE_SIZE_MB:-$(conf_get MAX_FILE_SIZE_MB)}
	max_file=${max_file:-5120}
	whole MAX_FILE_SIZE_MB "$max_file" 1 51200
	scan_seconds=${SCAN_SECONDS:-$(conf_get SCAN_SECONDS)}
	scan_seconds=${scan_seconds:-40}
	whole SCAN_SECONDS "$scan_seconds" 1 600
	metrics_from=${METRICS_FROM:-$(conf_get METRICS_FROM)}
	metrics_from=${metrics_from:-127.0.0.1 ::1}
	case $metrics_from in
	*[!0-9A-Fa-f.:/\ ]*) die "METRICS_FROM must be addresses or networks: $metrics_from" ;;
	esac
	s3_read
	admin_email=${SEED_ADMIN_EMAIL:-$(conf_get SEED_ADMIN_EMAIL)}
	admin_email=${admin_email:-admin@cem.example}
	admin_password=${SEED_ADMIN_PASSWORD:-$(conf_get SEED_ADMIN_PASSWORD)}
	unset SEED_ADMIN_EMAIL SEED_ADMIN_PASSWORD
}

# s3_read: Where nginx fetches files from S3. It asks a name server for the host, which
# knows nothing of this host's own names: those are looked up here.
s3_read() {
	local name host port style ip

	s3_bucket=${S3_BUCKET:-$(conf_get S3_BUCKET)}
	[ -n "$s3_bucket" ] || return 0
	s3_ca=${S3_CA_FILE:-$(conf_get S3_CA_FILE)}
	s3_ca=${s3_ca:-/etc/ssl/certs/ca-certificates.crt}
	case $s3_ca in
	/*) ;;
	*) die "S3_CA_FILE must be the path of a file, from / on" ;;
	esac
	case $s3_ca in
	*[!A-Za-z0-9/._+@-]*) die "S3_CA_FILE may have letters, digits and / . _ + @ - only" ;;
	esac
	s3_reach='$file_host'
	name=${S3_ENDPOINT:-$(conf_get S3_ENDPOINT)}
	resolver=$(sed -n 's/^nameserver[ \t]\+\([0-9A-Fa-f.:]*\)[ \t]*$/\1/p' /etc/resolv.conf |
		sed 's/.*:.*/[&]/' | tr '\n' ' ')
	resolver=${resolver:-127.0.0.53 }
	[ -s /proc/net/if_inet6 ] || resolver="${resolver}ipv6=off"
	[ -n "$name" ] || return 0
	style=${S3_STYLE:-$(conf_get S3_STYLE)}
	host=${name#*://} host=${host%/}
	port=${host##*:} host=${host%:*}
	[ "$port" != "$host" ] || case $name in http:*) port=80 ;; *) port=443 ;; esac
	[ "$style" = path ] || host=$s3_bucket.$host
	ip=$(getent -s files hosts "$host" | sed -n 's/ .*//p')
	case $host in
	localhost | *.localhost) ip=127.0.0.1 ;;
	*[!0-9.]*) ;;
	*) ip= ;;
	esac
	case $ip in
	*:*) s3_reach="[$ip]:$port" ;;
	?*) s3_reach=$ip:$port ;;
	esac
}

# files_make: Sub-folders, and copies of what is served (and run, if the user may not
# enter the checkout).
files_make() {
	local name

	for name in db journal log nginx run spool static store store/tmp tls; do
		as_user mkdir -p "$state/$name" || die "could not make $state/$name"
	done
	# nginx removes what it has spooled, unless it was killed.
	as_user find "$state/spool" -type f -delete
	program=$root/build/release/cem
	if ! as_user test -x "$program"; then
		as_user mkdir -p "$state/bin"
		program=$state/bin/cem
		save "$program" 750 <"$root/build/release/cem"
	fi
	tar -C "$root/nginx/static" -c . | as_user tar -C "$state/static" -x --no-same-owner ||
		die "could not copy nginx/static"
	for name in cem nginx-error nginx-access; do
		name=$state/log/$name.log
		[ ! -f "$name" ] || [ "$(stat -c %s "$name")" -lt 20000000 ] ||
			as_user mv -f "$name" "$name.old"
	done
}

# certificate_make: Self-signed, for trying out; yours (tls/cert.pem, tls/key.pem) is
# left alone.
certificate_make() {
	local cert=$state/tls/cert.pem host

	if as_user test -s "$cert"; then
		openssl x509 -in "$cert" -noout -checkend 604800 >/dev/null && return
		if ! openssl x509 -in "$cert" -noout -issuer | grep -q 'cem self-signed'; then
			say "the certificate $cert ends within a week, or has ended"
			return
		fi
	fi
	host=$(uname -n | tr -cd 'A-Za-z0-9.-')
	as_user sh -c 'umask 077 && openssl req -x509 -newkey ec -pkeyopt \
		ec_paramgen_curve:P-256 -nodes -days 825 -subj "/O=cem self-signed/CN=localhost" \
		-addext "$2" -keyout "$1/key.pem" -out "$1/cert.pem" 2>"$1/log"' \
		openssl "$state/tls" "subjectAltName=DNS:localhost,${host:+DNS:$host,}IP:127.0.0.1" ||
		die "openssl could not make a certificate: $(tail -n 3 "$state/tls/log")"
	say "made a self-signed certificate for localhost${host:+ and $host}"
}

# nginx_make: Its configuration, from nginx/. A kept connection pins a worker, so all
# of nginx keeps fewer than there are workers.
nginx_make() {
	local keepalive=$(((workers - 1) / nginx_workers)) upload=$((max_upload + 2))
	local keep="keepalive 0;" conn=on six_http= six_https= in_url=":$port" name
	local max_form=$((max_file < 100 ? max_file : 100)) # a signed form allows no more
	# As long as clamd may take, and to hash and store it at 8 MB a second.
	local upload_wait=$((75 + scan_seconds)) file_wait=$((75 + scan_seconds + max_file / 4))

	[ $((keepalive * nginx_workers)) -lt "$workers" ] || die "too few workers"
	[ $upload -ge 22 ] || upload=22
	if [ "$keepalive" = 0 ]; then
		keep= conn=off
	else
		keep="keepalive $keepalive;"
	fi
	if [ -s /proc/net/if_inet6 ]; then
		six_http="listen [::]:$((port - 1));" six_https="listen [::]:$port ssl http2;"
	fi
	[ "$port" != 443 ] || in_url=
	for name in nginx.conf.in errors.conf fastcgi.conf fastcgi_params.conf stored.conf \
		door.conf spooled.conf; do
		sed -e "s|@STATE@|$state|g" -e "s|@NGINX_WORKERS@|$nginx_workers|g" \
			-e "s|@HTTP_PORT@|$((port - 1))|g" -e "s|@PORT@|$port|g" \
			-e "s|@PORT_IN_URL@|$in_url|g" -e "s|@HTTP_LISTEN6@|$six_http|" \
			-e "s|@HTTPS_LISTEN6@|$six_https|" -e "s|@KEEPALIVE@|$keep|" \
			-e "s|@KEEP_CONN@|$conn|" -e "s|@UPLOAD_MB@|$upload|g" \
			-e "s|@MAX_UPLOAD_MB@|$max_upload|g" \
			-e "s|@FILE_MB@|$((max_file + 2))|g" -e "s|@MAX_FILE_MB@|$max_file|g" \
			-e "s|@UPLOAD_WAIT@|$upload_wait|g" -e "s|@FILE_WAIT@|$file_wait|g" \
			-e "s|@FORM_MB@|$((max_form + 2))|g" \
			-e "s|@METRICS_ALLOW@|$(printf 'allow %s; ' $metrics_from)|" \
			"$root/nginx/$name" |
			save "$state/nginx/${name%.in}" 640
	done
	if [ -n "$s3_bucket" ]; then
		sed -e "s|@STATE@|$state|g" -e "s|@S3_REACH@|$s3_reach|" \
			-e "s|@S3_CA@|$s3_ca|" -e "s|@RESOLVER@|$resolver|" \
			"$root/nginx/remote.conf"
	fi | save "$state/nginx/remote.conf" 640
	as_nginx -q -t || die "nginx refuses $state/nginx/nginx.conf"
}

# as_nginx ARGUMENT...: nginx on our configuration, with nothing of our environment.
as_nginx() {
	as_user env -i PATH="$PATH" nginx -p "$state/nginx" -c "$state/nginx/nginx.conf" \
		-e "$state/log/nginx-error.log" "$@"
}

# cem COMMAND...: The program, on this state folder.
cem() {
	as_user "$program" "$@" --config "$state/cem.conf"
}

# password_make: 16 letters and digits that nobody confuses, of all three kinds.
password_make() {
	local word

	while :; do
		word=$(openssl rand -base64 60 | tr -dc 'A-HJ-NP-Za-km-z2-9')
		word=${word:0:16}
		case $word in *[A-Z]*) case $word in *[a-z]*) case $word in *[2-9]*)
			[ ${#word} = 16 ] && break ;; esac ;; esac ;; esac
	done
	printf %s "$word"
}

# database_make: Schema and first data, the first administrator, samples if wanted.
database_make() {
	local users

	cem migrate || die "the database could not be brought up to date: see above"
	users=$(cem user list) || die "could not list the users"
	if ! awk -F '\t' 'tolower($2) == "admin" { n++ } END { exit !n }' <<<"$users"; then
		[ -n "$admin_password" ] || new_password=$(password_make)
		printf '%s\n' "${admin_password:-$new_password}" |
			cem user add --email "$admin_email" --role admin \
				--name "First administrator" --password-stdin ||
			die "could not make the first administrator $admin_email"
	fi
	[ "$samples" = 0 ] || cem sample "$samples" || die "could not make sample farmers"
}

# background LOG COMMAND...: Start it apart from our terminal, so that Ctrl-C reaches
# this script alone, which stops things in order; should we be killed, it ends too.
# Replaces the shell: use it with &.
background() {
	set -- sh -c 'log=$1; shift; exec "$@" >>"$log" 2>&1' sh "$@"
	if [ -n "$account" ]; then
		export HOME="$state"
		set -- --reuid "$account" --regid "$account" --clear-groups -- "$@"
	fi
	exec setsid setpriv --pdeathsig TERM "$@" </dev/null
}

# answers: Does the health page?
answers() {
	[ "$(curl -sk --noproxy '*' --max-time 5 -o /dev/null -w '%{http_code}' \
		"https://127.0.0.1:$port/api/health")" = 200 ]
}

alive() {
	[ -n "$1" ] && kill -0 -- "$1" 2>/dev/null
}

# ports_free: End if somebody else is there already.
ports_free() {
	local n

	for n in $((port - 1)) "$port"; do
		if (exec 3<>"/dev/tcp/127.0.0.1/$n") 2>/dev/null; then
			die "something already listens on port $n; choose another --port"
		fi
	done
}

start_all() {
	local n

	ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || : # nginx warns below 2048
	background "$state/log/cem.log" "$program" serve --config "$state/cem.conf" &
	cem_pid=$!
	echo "$cem_pid" | save "$state/run/cem.pid" 640
	for ((n = 0; n < 100; n++)); do
		[ ! -S "$state/run/cem.sock" ] || break
		alive "$cem_pid" && [ -z "$stopping" ] || break
		sleep 0.05
	done
	as_user rm -f "$state/run/files.sock" # of one that was killed
	background "$state/log/nginx-error.log" env -i PATH="$PATH" nginx -p "$state/nginx" \
		-c "$state/nginx/nginx.conf" -e "$state/log/nginx-error.log" &
	nginx_pid=$!
	for ((n = 0; n < 300; n++)); do
		answers && return
		[ -z "$stopping" ] || exit 0
		alive "$cem_pid" || ended "the program" cem
		alive "$nginx_pid" || ended nginx nginx-error
		sleep 0.1
	done
	ended "the health page does not answer; the program" cem
}

# ended WHAT LOG: Say so, with the log's last lines, and end (which stops the rest).
ended() {
	say "$1 ended; the last lines of $state/log/$2.log:" >&2
	tail -n 20 "$state/log/$2.log" >&2
	exit 1
}

tell_password() {
	[ -z "$new_password" ] ||
		say "sign in as $admin_email with the password $new_password (shown only now)"
	new_password=
}

welcome() {
	say "ready: https://localhost:$port/ (http://localhost:$((port - 1))/ leads there)"
	if [ -n "$new_password" ]; then
		tell_password
	else
		say "sign in with your e-mail address and password (first administrator: $admin_email)"
	fi
	say "next: your browser will ask once about the self-signed certificate; sign in," \
		"register a farmer, add a photo, print the card"
	say "the API is described at https://localhost:$port/docs; logs are in $state/log;" \
		"Ctrl-C stops everything"
}

# watch: Until a signal comes, or one of the two ends.
watch() {
	local who=

	while [ -z "$stopping" ]; do
		wait -n -p who "$cem_pid" "$nginx_pid" 2>/dev/null
		[ -z "$stopping" ] || break
		[ "${who:-}" != "$cem_pid" ] || ended "the program" cem
		[ "${who:-}" != "$nginx_pid" ] || ended nginx nginx-error
	done
	say "stopping"
	exit 0
}

# gone PID TENTHS: True once the process has ended, waiting so long at most.
gone() {
	local n

	for ((n = 0; n < $2; n++)); do
		alive "$1" || return 0
		sleep 0.1
	done
	! alive "$1"
}

# stop_one PID GENTLE TENTHS: Ask, wait, and in the end insist. Its children are in
# its process group; if it was killed, they may be left.
stop_one() {
	[ -n "$1" ] || return 0
	if alive "$1"; then
		kill -"$2" "$1"
		gone "$1" "$3" || kill -TERM "$1" 2>/dev/null
	fi
	gone "-$1" 2 || kill -TERM -- "-$1" 2>/dev/null
	gone "-$1" 50 && return
	say "process $1 did not stop in time and was killed" >&2
	kill -KILL -- "-$1" 2>/dev/null
}

# stop_all: nginx first, which finishes what it has begun; then the program.
stop_all() {
	trap '' INT TERM HUP
	trap - EXIT
	tell_password
	stop_one "$nginx_pid" QUIT 150
	stop_one "$cem_pid" TERM 300
	[ -z "$cem_pid" ] || as_user rm -f "$state/run/cem.pid"
}
