#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may include whom in fcgi/, that no circle of nouns comes of it in fcgi/app/, and
# which file is the home of which library:
#
#     tests/layers.sh [ROOT]
#
# prints one line for each tier and library, `not ok` lines naming the wrong includes
# first, and `N passed, N failed`; the exit status is 1 if one failed.
set -eu
cd "${1:-$(dirname "$0")/..}"

# shellcheck disable=SC2046 # names without blanks
LC_ALL=C awk '
BEGIN {
	# The tiers and what each may include beside itself; generated headers
	# belong to the tier that may use them first.
	may["base"] = " base "
	may["db"] = " db base "
	may["web"] = " web base "
	may["s3"] = " s3 base "
	may["core"] = " core s3 db base "
	may["app"] = " app core s3 web db base "
	may["main"] = may["app"]
	tier_of["queries.h"] = "db"
	tier_of["templates.h"] = "app"

	# In app/ one noun never includes another, but all share these.
	n = split("command.h deliver.h farmer_audit.h front.h front_handler.h fields.h job.h job_run.h kept.h metrics.h page.h recorder.h routes.h seen.h space.h work.h routes.def jobs.def version.h templates.h", words, " ")
	for (i = 1; i <= n; i++)
		shared[words[i]] = 1

	# The home of each library.
	home["sqlite3.h"] = home["libpq-fe.h"] = "^fcgi/db/"
	home["fcgiapp.h"] = "^fcgi/web/serve[.]c$"
	home["jansson.h"] = "^fcgi/(web/json|s3/credentials_role)[.]c$"
	home["curl/curl.h"] = "^fcgi/s3/fetch[.]c$"
	home["qrencode.h"] = "^fcgi/core/qr[.]c$"
	home["cairo.h"] = home["cairo-pdf.h"] = home["cairo-ft.h"] = "^fcgi/core/(draw|font|pen|portrait)[a-z_]*[.][ch]$"
	home["ft2build.h"] = home["cairo.h"]
	home["png.h"] = "^fcgi/core/(qr|image[a-z_]*)[.]c$"
	home["jpeglib.h"] = home["jerror.h"] = home["turbojpeg.h"] = "^fcgi/core/image[a-z_]*[.][ch]$"
	home["webp/decode.h"] = home["webp/demux.h"] = home["jpeglib.h"]
	home["crypt.h"] = "^fcgi/core/password[.]c$"
	home["seccomp.h"] = home["linux/landlock.h"] = "^fcgi/base/sandbox[a-z_]*[.][ch]$"
	home["expat.h"] = "^fcgi/s3/s3_xml[.]c$"
	home["zlib.h"] = "^fcgi/core/"
	home["sodium.h"] = "^fcgi/(base/|s3/|core/|app/|main[.]c$)"

	# What every program may include: C11, POSIX and Linux itself.
	n = split("assert ctype errno fcntl dirent ftw getopt glob grp inttypes limits locale math netdb " \
	    "poll pthread pwd sched setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint " \
	    "malloc stdio stdlib stdnoreturn string strings syslog termios time uchar unistd wchar", words, " ")
	for (i = 1; i <= n; i++)
		plain[words[i] ".h"] = 1
}

function tier(file,	parts, n) {
	n = split(file, parts, "/")
	return n == 2 ? "main" : parts[2]
}

# farmer_form.c and farmer.h are of one noun.
function noun(file) {
	sub(/.*\//, "", file)
	sub(/[_.].*/, "", file)
	return file
}

# farmer_form.c and farmer_form.h.
function stem(file) {
	sub(/.*\//, "", file)
	sub(/[.].*/, "", file)
	return file
}

# What is left when files that include none of the rest, or that none of the rest
# include, are taken away again and again. A circle within one noun is its own affair.
function circles(	e, from, more, n, pair, to) {
	do {
		more = 0
		split("", from)
		split("", to)
		for (e in edge) {
			split(e, pair, SUBSEP)
			from[pair[1]] = to[pair[2]] = 1
		}
		for (e in edge) {
			split(e, pair, SUBSEP)
			if (!(pair[2] in from) || !(pair[1] in to)) {
				delete edge[e]
				more = 1
			}
		}
	} while (more)
	for (e in edge) {
		split(e, pair, SUBSEP)
		if (noun(pair[1]) != noun(pair[2])) {
			printf "not ok - a circle: %s includes %s.h, which leads back\n", pair[1], pair[2]
			n++
		}
	}
	return n
}

function wrong(words) {
	printf "not ok - %s:%d: %s\n", FILENAME, FNR, words
	bad[tier(FILENAME)]++
	bad[what]++
	failed++
}

pass == 1 {
	if (FNR == 1) {
		name = FILENAME
		sub(/.*\//, "", name)
		if (name in tier_of)
			wrong("there is another file named " name)
		tier_of[name] = tier(FILENAME)
		tiers[tier(FILENAME)]++
	}
	next
}

/^[ \t]*#[ \t]*include[ \t]/ {
	edges++
	what = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*/, "", what)
	kind = substr(what, 1, 1)
	sub(/^./, "", what)
	sub(/[">].*/, "", what)
	here = tier(FILENAME)
	if (kind == "\"") {
		if (here == "app" && what in tier_of && tier_of[what] == here &&
		    stem(what) != stem(FILENAME))
			edge[stem(FILENAME), stem(what)] = 1
		if (!(what in tier_of))
			wrong("\"" what "\" is not a file of fcgi/")
		else if (!index(may[here], " " tier_of[what] " "))
			wrong(here " may not include " tier_of[what] " (" what ")")
		else if (here == "app" && tier_of[what] == "app" && !(what in shared) &&
		    noun(what) != noun(FILENAME) && noun(FILENAME) !~ /^(front|import|page)$/)
			wrong("one noun may not include another (" what ")")
	} else if (kind == "<") {
		if (what in home) {
			seen[what]++
			if (FILENAME !~ home[what])
				wrong("<" what "> has its home elsewhere: " home[what])
		} else if (what ~ /^openssl\//) {
			seen["openssl"]++
			if (FILENAME !~ /^fcgi\/(core|s3)\//)
				wrong("<" what "> has its home in fcgi/core/ and s3/")
		} else if (!(what in plain) && what !~ /^(sys|linux|net|netinet|arpa|asm)\//) {
			wrong("<" what "> is of a library that has no home here")
		}
	}
}

END {
	for (t in may)
		if (t in tiers && !(t in bad)) {
			printf "ok - %s: %d files include only%s\n", t, tiers[t], may[t]
			passed++
		}
	for (l in seen)
		if (!(l in bad)) {
			printf "ok - <%s> is included by %d files of its home\n", l, seen[l]
			passed++
		}
	n = circles()
	failed += n
	if (!n) {
		print "ok - app: no circle of nouns"
		passed++
	}
	if (!edges) {
		print "not ok - no file includes anything: is this the right folder?"
		failed++
	}
	printf "%d passed, %d failed\n", passed, failed
	exit (failed > 0)
}' pass=1 $(find fcgi -name '*.[ch]' -o -name '*.def' | sort) \
	pass=2 $(find fcgi -name '*.[ch]' -o -name '*.def' | sort)
