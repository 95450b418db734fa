#!/bin/sh
# SPDX-License-Identifier: MIT
# The rules of the house's C style that a program can check:
#
#     tests/style.sh [ROOT]
#
# prints a `not ok` line with file and line for each breach, an `ok` line for each rule
# that holds, and `N passed, N failed`; the exit status is 1 if one failed.
set -eu
cd "${1:-$(dirname "$0")/..}"

# shellcheck disable=SC2046 # names without blanks
LC_ALL=C awk '
BEGIN {
	# rule: what it says when it holds
	rule["licence"] = "every file starts with its licence tag"
	rule["opening"] = "every C file opens with a comment on what it is for"
	rule["guard"] = "every header has an include guard"
	rule["length"] = "no file has more than 600 lines"
	rule["width"] = "no line has more than 90 columns (tables, .def, may)"
	rule["blanks"] = "no trailing blanks, no double blank lines, no blanks for tabs"
	rule["function"] = "no function has more than 60 lines"
	rule["layout"] = "a function has its name at the start of a line and { on its own"
	rule["parameters"] = "no function has more than 6 parameters (5 is the aim)"
	rule["banned"] = "no banned function is called"
	rule["memory"] = "malloc and its family only where a library or the arena needs it"
	rule["typedef"] = "no struct hides behind a typedef"
	rule["global"] = "no global variable but conf"
	rule["header"] = "what a header says of a function names its parameters"
	rule["name"] = "file names are lower-case words"
	rule["todo"] = "each TODO has a name"

	n = split("strcpy strcat sprintf vsprintf gets strtok atoi atol atof scanf sscanf fscanf " \
	    "system popen tmpnam mktemp rand srand localtime strncpy strncat alloca", words, " ")
	for (i = 1; i <= n; i++)
		banned[words[i]] = 1
	n = split("malloc calloc realloc reallocarray free strdup strndup", words, " ")
	for (i = 1; i <= n; i++)
		memory[words[i]] = 1
	memory_home = "^(fcgi/(base/arena|db/|core/(draw|font|image|portrait|qr)|web/(json|serve))|tests/)"
}

function breach(which, line, words) {
	printf "not ok - %s:%d: %s\n", FILENAME, line, words
	broken[which]++
	failed++
}

# The line without comments and the insides of texts; in_comment lasts over lines.
function bare(s,	out, two, c, quote) {
	out = ""
	quote = ""
	while (s != "") {
		c = substr(s, 1, 1)
		two = substr(s, 1, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				s = substr(s, 2)
			}
		} else if (quote != "") {
			if (c == "\\")
				s = substr(s, 2)
			else if (c == quote) {
				quote = ""
				out = out c
			}
		} else if (two == "/*") {
			in_comment = 1
			s = substr(s, 2)
		} else if (two == "//") {
			break
		} else {
			if (c == "\"" || c == "\x27")
				quote = c
			out = out c
		}
		s = substr(s, 2)
	}
	sub(/[ \t]+$/, "", out)
	return out
}

# Columns with tabs of 8; the second and later bytes of a letter count nothing.
function columns(s,	n, i, c) {
	if (length(s) * 8 <= 90)
		return 0
	n = 0
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\t")
			n += 8 - n % 8
		else if (c < "\200" || c >= "\300")
			n++
	}
	return n
}

# Commas between the outer brackets of a declaration, and one more.
function parameters(s,	depth, n, i, c) {
	if (s ~ /^[^(]*\((void)?\)/)
		return 0
	depth = 0
	n = 1
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "(")
			depth++
		else if (c == ")" && --depth == 0)
			break
		else if (c == "," && depth == 1)
			n++
	}
	return n
}

# The names of the parameters of a prototype, with commas; a pointer to a function is
# too much for this.
function names(s,	part, n, i, out) {
	out = ""
	sub(/^[^(]*\(/, "", s)
	sub(/\).*/, "", s)
	n = split(s, part, ",")
	for (i = 1; i <= n; i++) {
		sub(/\[.*/, "", part[i])
		sub(/.*[ *]/, "", part[i])
		out = out (i > 1 ? "," : "") part[i]
	}
	return out == "void" ? "" : out
}

function prototype(s,	name) {
	if (s ~ /\(\*/ || !match(s, /[a-z_0-9]+\(/))
		return
	name = substr(s, RSTART, RLENGTH - 1)
	if (name in said && said[name] !~ /[.][.][.]/ && said[name] != names(s))
		breach("header", FNR, name "(" names(s) ") is called " name "(" said[name] ") above")
}

function calls(s,	rest, name) {
	rest = s
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		name = substr(rest, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", name)
		if (RSTART == 1 || substr(rest, RSTART - 1, 1) !~ /[.>]/) {
			if (name in banned)
				breach("banned", FNR, name " is banned")
			if (name in memory && FILENAME !~ memory_home)
				breach("memory", FNR, name " outside the arena, db and library wrappers")
		}
		rest = substr(rest, RSTART + RLENGTH)
	}
}

function file_end() {
	if (file == "")
		return
	if (lines > 600)
		breach_in(file, "length", lines, "the file has " lines " lines (600 at most)")
	if (file ~ /[.]h$/ && !guarded)
		breach_in(file, "guard", 1, "no include guard")
}

function breach_in(name, which, line, words) {
	printf "not ok - %s:%d: %s\n", name, line, words
	broken[which]++
	failed++
}

FNR == 1 {
	file_end()
	file = FILENAME
	files++
	in_comment = guarded = starts = inside = blank = 0
	declared = ""
	split("", said)
	signature = ""
	name = FILENAME
	sub(/.*\//, "", name)
	if (name !~ /^[a-z0-9_]+[.](c|h|S|def)$/)
		breach("name", 1, "file names are lower-case words: " name)
	if ($0 != "/* SPDX-License-Identifier: MIT */")
		breach("licence", 1, "the first line must be /* SPDX-License-Identifier: MIT */")
}

FNR == 2 && FILENAME ~ /[.]c$/ && $0 !~ /^\/[*]/ {
	breach("opening", 2, "the second line must begin a comment on what the file is for")
}

{
	lines = FNR
	if (FILENAME !~ /[.]def$/ && columns($0) > 90)
		breach("width", FNR, "the line has " columns($0) " columns (90 at most)")
	if ($0 ~ /[ \t\r]$/)
		breach("blanks", FNR, "trailing blanks")
	if ($0 ~ /^ *        /)
		breach("blanks", FNR, "indented with blanks instead of tabs")
	if ($0 == "" && blank)
		breach("blanks", FNR, "two blank lines")
	blank = $0 == ""
	if ($0 ~ /(^|[^A-Za-z])(TODO|FIXME|XXX)([^A-Za-z]|$)/) {
		todos++
		if ($0 !~ /TODO\([A-Za-z .-]+\): ./)
			breach("todo", FNR, "write TODO(name): reason")
	}
	s = bare($0)
	if (s ~ /^#ifndef [A-Z0-9_]+_H$/)
		guarded = 1
}

FILENAME ~ /[.]h$/ && match($0, /^(\/\*| \*) [a-z_0-9]+\([^()]*\):/) {
	text = substr($0, 4, RLENGTH - 4)
	name = text
	sub(/\(.*/, "", name)
	gsub(/.*\(|\).*| /, "", text)
	said[name] = text
	declared = ""
}

s ~ /^[ \t]*#/ || s ~ /^[ \t]*$/ { next }

{ calls(s) }

FILENAME ~ /[.]h$/ {
	declared = s ~ /[{}]/ ? "" : declared " " s
	if (s ~ /;$/) {
		prototype(declared)
		declared = ""
	}
}

s ~ /^typedef[ \t]+(struct|union)/ {
	breach("typedef", FNR, "no typedef for structs")
}

# At the top level: a name at the start of a line begins a function (or a prototype).
!inside && s ~ /^[A-Za-z_][A-Za-z0-9_]*\(/ {
	starts = FNR
	signature = ""
}

!inside {
	if (starts)
		signature = signature s
	if (s == "{") {
		inside = 1
		if (!starts)
			breach("layout", FNR, "the function has no line that starts with its name")
		else if (parameters(signature) > 6)
			breach("parameters", starts, "more than 6 parameters")
	} else if (starts && s ~ /;$/) {
		starts = 0
	} else if (!starts && s ~ /^[a-z].*[^,(]\(.*\)[ \t]*\{$/) {
		breach("layout", FNR, "{ of a function stands on its own line")
	} else if (!starts && FILENAME ~ /^fcgi\/.*[.]c$/ && s !~ /[()]/ &&
	    s ~ /^[a-z][a-z0-9_ ]*[ *][a-z0-9_]+(\[[^]]*\])*[ \t]*(=.*|;)$/ &&
	    s !~ /^(static|const|extern|typedef|enum [a-z_]+;|struct [a-z_]+;)/ &&
	    s != "struct conf conf;") {
		breach("global", FNR, "a global variable: make it static")
	}
}

inside && s == "}" {
	if (starts && FNR - starts + 1 > 60)
		breach("function", starts, "the function has " FNR - starts + 1 " lines (60 at most)")
	inside = starts = 0
	functions++
}

END {
	file_end()
	for (r in rule)
		if (!(r in broken)) {
			print "ok - " rule[r]
			passed++
		}
	if (!functions) {
		print "not ok - no function was found: is this the right folder?"
		failed++
	}
	printf "looked at %d functions in %d files; %d TODO\n", functions, files, todos
	printf "%d passed, %d failed\n", passed, failed
	exit (failed > 0)
}' $(find fcgi sql templates tests/unit tests/fuzz -name '*.[chS]' -o -name '*.def' | sort)
