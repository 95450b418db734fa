# SPDX-License-Identifier: MIT
# ./run test and ./run fuzz. Read by ./run. A part is a function part_NAME; each adds
# what it counted to passed and failed. Logs are in build/test/.

# Seconds that a part's programs may take at most before they count as hung.
unit_limit=180
pytest_limit=3000
fuzz_seconds=10

# How many parts run side by side, and fuzzers of that part.
at_once=2

run_test() {
	local part wanted="$*" began=$SECONDS
	# Unit tests know short times, so nothing runs beside them. Of the others what takes
	# longest goes first: no processor is idle in the end.
	local alone="build layers style unit" all

	all="$alone generators faults-pgsql faults-sqlite api-pgsql api-sqlite api-s3 s3 fuzz browser"
	for part; do
		case " $all api faults swift " in
		*" $part "*) ;;
		*) die "there is no part \"$part\"; the parts are: $all (api and faults mean all of theirs), and swift" ;;
		esac
	done
	# shellcheck disable=SC2086 # names without blanks
	packages_install $build_packages $run_packages $test_packages
	cd "$root" || exit 1
	logs=$root/build/test passed=0 failed=0 skipped=0 running=()
	mkdir -p "$logs"
	export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8
	trap children_end EXIT
	trap 'exit 130' INT TERM HUP
	for part in $all swift; do # swift only when it is named
		case " ${wanted:-$all} " in
		*" $part "* | *" ${part%-*} "*)
			rm -f "$logs/$part.count"
			part_run "$part" >"$logs/$part.out" 2>&1 </dev/null &
			running[$!]=$part
			case " $alone " in
			*" $part "*) parts_wait 0 ;;
			*) parts_wait $((at_once - 1)) ;;
			esac
			;;
		esac
	done
	parts_wait 0
	[ "$skipped" = 0 ] || echo "$skipped skipped (named above)"
	echo "took $((SECONDS - began)) s; logs are in build/test/"
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
	exit
}

# part_run PART: In a shell of its own, whose last deed is to leave the counts in a file.
part_run() {
	local part=$1 began=$SECONDS

	passed=0 failed=0 skipped=0
	trap 'children_end; cluster_stop' EXIT
	trap 'exit 130' INT TERM HUP
	"part_${part//-/_}"
	echo "$part: took $((SECONDS - began)) s"
	echo "$passed $failed $skipped" >"$logs/$part.count"
}

# parts_wait N: Until at most N parts run. What one said is shown when it has ended, and
# its counts are added; if it has died before it counted, it has failed once.
parts_wait() {
	local pid part good bad skip

	while [ ${#running[@]} -gt "$1" ]; do
		wait -n -p pid "${!running[@]}"
		part=${running[$pid]} good=0 bad=0 skip=0
		unset "running[$pid]"
		cat "$logs/$part.out"
		[ ! -f "$logs/$part.count" ] || read -r good bad skip <"$logs/$part.count"
		if [ $((good + bad + skip)) = 0 ]; then
			echo "$part: ended without having counted anything"
			bad=1
		fi
		passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	done
}

# children_end: Ask all that we have started to end, and wait until they have.
children_end() {
	local pids

	trap '' INT TERM HUP
	pids=$(jobs -p)
	# shellcheck disable=SC2086 # numbers
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait
}

# watched COMMAND...: Run it in the background: in the foreground it would hold up the
# signal that is to end us.
watched() {
	"$@" </dev/null &
	wait $!
}

# count PART NAME PASSED FAILED: Add, and say so.
count() {
	passed=$((passed + $3)) failed=$((failed + $4))
	if [ "$4" = 0 ]; then
		echo "$1: $2: $3 passed"
	else
		echo "$1: $2: $3 passed, $4 FAILED"
	fi
}

# count_log PART NAME LOG STATUS: The same from a log that ends in "N passed, N failed".
# A program that fails without counting it has failed once.
count_log() {
	local good=0 bad=0 line

	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$3" | tail -n 1)
	[ -z "$line" ] || read -r good _ bad _ <<<"$line"
	if [ "$bad" = 0 ] && { [ "$4" != 0 ] || [ "$good" = 0 ]; }; then
		bad=1
		echo "$1: $2: ended with status $4"
	fi
	if [ "$bad" != 0 ]; then
		grep '^not ok' "$3" | head -n 40
		grep -Ev '^(ok|not ok)' "$3" | tail -n 30
	fi
	count "$1" "$2" "$good" "$bad"
}

# targets RULE: What build.ninja builds by that rule.
targets() {
	ninja -C "$root" -t targets rule "$1" | grep -v '^ninja:'
}

part_build() {
	local log=$logs/build.log

	if watched flock -F "$root/build" ninja -C "$root" >"$log" 2>&1; then
		count build "release, debug, tests, fuzzers" 1 0
	else
		tail -n 60 "$log"
		count build "see build/test/build.log" 0 1
	fi
}

# built TARGET...: Build them; a failure is counted and ends the part.
built() {
	local log=$logs/built-$part.log

	watched flock -F "$root/build" ninja -C "$root" "$@" >"$log" 2>&1 && return
	tail -n 40 "$log"
	count build "$*" 0 1
	return 1
}

part_layers() {
	watched tests/layers.sh >"$logs/layers.log" 2>&1
	count_log layers includes "$logs/layers.log" $?
}

part_style() {
	watched tests/style.sh >"$logs/style.log" 2>&1
	count_log style rules "$logs/style.log" $?
}

# cluster_start: A private PostgreSQL, its URL in $cluster_url.
cluster_start() {
	local port

	cluster=$(mktemp -d /tmp/cem-pg-XXXXXX) && chmod 755 "$cluster" || return 1
	for _ in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 12000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	cluster_url=$(tests/pg-up.sh "$cluster" "$port" 2>"$logs/pg-up.log" </dev/null) && return
	cat "$logs/pg-up.log"
	return 1
}

cluster_stop() {
	[ -n "${cluster:-}" ] || return 0
	tests/pg-up.sh "$cluster" stop
	rm -rf "$cluster"
	cluster=
}

part_unit() {
	local names name log status

	names=$(targets unit)
	# shellcheck disable=SC2086 # names without blanks
	built $names || return
	if ! cluster_start; then
		count unit "the private PostgreSQL did not start" 0 1
		return
	fi
	for name in $names; do
		log=$logs/${name##*/}.log
		TEST_PG_URL=$cluster_url \
			UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1 \
			watched timeout -k 5 $unit_limit "$name" >"$log" 2>&1
		status=$?
		count_log unit "${name##*/}" "$log" $status
	done
	cluster_stop
}

# pytest_run PART FOLDER, or PART FILE...: The closing line is counted; an error is a failure.
pytest_run() {
	local log=$logs/$1.log status line good bad skip

	watched timeout -k 120 $pytest_limit /usr/bin/python3 -m pytest -q --color=no -rfEsx \
		-p no:cacheprovider "${@:2}" >"$log" 2>&1
	status=$?
	line=$(grep -E '^(=+ )?[0-9]+ (passed|failed|skipped|error).* in [0-9.]+s' "$log" | tail -n 1)
	good=$(number passed "$line")
	bad=$(($(number failed "$line") + $(number 'errors?' "$line")))
	skip=$(number skipped "$line")
	if [ "$bad" = 0 ] && { [ $status != 0 ] || [ "$good" = 0 ]; }; then
		bad=1
		echo "$1: pytest ended with status $status"
	fi
	[ "$bad" = 0 ] || tail -n 200 "$log"
	if [ "$skip" != 0 ]; then
		skipped=$((skipped + skip))
		grep '^SKIPPED' "$log"
	fi
	count "$1" "${2%/test_*}" "$good" "$bad"
}

# number WORD LINE: The count before WORD in pytest's closing line; 0 without.
number() {
	local n

	n=$(grep -oE "[0-9]+ $1\b" <<<"$2" | head -n 1)
	echo "${n%% *}" | sed 's/^$/0/'
}

part_generators() {
	pytest_run generators tests/generators
}

# show_plans sqlite|pgsql: How the database goes about every list and search; all other
# statements are in the file (tests/api/test_plans.py).
show_plans() {
	local file=$logs/plans-$1.txt

	[ -f "$file" ] || return 0
	echo "plans of all statements on $1: $file; of lists and searches:"
	awk -v RS= '/^-- [a-z_]*(list|page|find|extent|term_count|term_longer)/' "$file" |
		cut -c1-100
}

# The courier against a real S3 server.
part_s3() {
	built build/release/cem build/unit/carry || return
	pytest_run s3 tests/s3
}

# The same signatures before another S3; takes packages of its own.
part_swift() {
	# shellcheck disable=SC2086 # names without blanks
	packages_install $swift_packages
	built build/unit/carry || return
	pytest_run swift tests/swift
}

part_api_sqlite() {
	built build/release/cem || return
	CEM_TEST_DATABASE=sqlite pytest_run api-sqlite tests/api
	show_plans sqlite
}

part_api_pgsql() {
	built build/release/cem || return
	CEM_TEST_DATABASE=pgsql pytest_run api-pgsql tests/api
	show_plans pgsql
}

# What has to do with stored files, once more with a bucket; but what the program signs
# itself without one.
part_api_s3() {
	local file files=()

	built build/release/cem || return
	for file in tests/api/test_{card,document,file,import,page_farmer,photo,share}.py \
		tests/api/test_space*.py; do
		[ "$file" = tests/api/test_space_link.py ] || files+=("$file")
	done
	CEM_TEST_STORE=s3 CEM_TEST_DATABASE=sqlite pytest_run api-s3 "${files[@]}"
}

part_browser() {
	built build/release/cem || return
	CEM_TEST_DATABASE=sqlite pytest_run browser tests/browser
}

part_faults_sqlite() {
	built build/release/cem || return
	CEM_TEST_DATABASE=sqlite pytest_run faults-sqlite tests/faults
}

part_faults_pgsql() {
	built build/release/cem || return
	CEM_TEST_DATABASE=pgsql pytest_run faults-pgsql tests/faults
}

# fuzz_one PROGRAM SECONDS: One fuzzer over its seeds and what it found before.
fuzz_one() {
	local name=${1##*/fuzz_} corpus

	corpus=$root/build/fuzz/corpus/$name
	mkdir -p "$corpus" "$root/tests/fuzz/seeds/$name"
	set -- "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$root/build/fuzz/$name-"
	[ ! -f "$root/tests/fuzz/$name.dict" ] || set -- "$@" -dict="$root/tests/fuzz/$name.dict"
	exec "$@" "$corpus" "$root/tests/fuzz/seeds/$name" >"$logs/fuzz_$name.log" 2>&1 </dev/null
}

# part_fuzz [SECONDS]: Every fuzzer for so long, some at a time.
part_fuzz() {
	local names name pids=() running=() i=0 seconds=${1:-$fuzz_seconds} runs

	names=$(targets fuzzer)
	# shellcheck disable=SC2086 # names without blanks
	built $names || return
	for name in $names; do
		running+=("$name")
		fuzz_one "$name" "$seconds" &
		pids+=($!)
		[ ${#pids[@]} -lt "$at_once" ] || fuzz_wait
	done
	[ ${#pids[@]} = 0 ] || fuzz_wait
}

# fuzz_wait: Until those that run have ended; count them.
fuzz_wait() {
	for i in "${!pids[@]}"; do
		name=${running[$i]##*/fuzz_}
		if wait "${pids[$i]}"; then
			runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/fuzz_$name.log")
			count fuzz "$name, ${runs:-0} runs in $seconds s" 1 0
		else
			tail -n 40 "$logs/fuzz_$name.log"
			count fuzz "$name; the input is in build/fuzz/$name-*" 0 1
		fi
	done
	pids=() running=()
}

run_fuzz() {
	[ $# -le 1 ] || die "./run fuzz [SECONDS]"
	whole SECONDS "${1:-60}" 1 1000000
	# shellcheck disable=SC2086 # names without blanks
	packages_install $build_packages $test_packages
	cd "$root" || exit 1
	logs=$root/build/test passed=0 failed=0 part=fuzz at_once=$(nproc)
	mkdir -p "$logs"
	part_fuzz "${1:-60}"
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
	exit
}
