# SPDX-License-Identifier: MIT
"""tmplgen: what it makes of a template, and what it refuses with which words."""
import subprocess

import pytest

from conftest import CC, FLAGS, INCLUDES, ROOT, base


class Run:
    """One run of tmplgen over one template in a folder of its own."""

    def __init__(self, program, folder, text):
        self.folder = folder
        if isinstance(text, str):
            text = text.encode()
        (folder / "t.html").write_bytes(text)
        done = subprocess.run([str(program), "out.h", "out.c", "t.html"], cwd=folder,
                              capture_output=True, text=True, timeout=20)
        self.status, self.words = done.returncode, done.stderr

    def render(self, call, prelude=""):
        """Compile what was made and return what the C call writes."""
        main = (
            '#include <stdbool.h>\n#include <stdio.h>\n#include "arena.h"\n'
            '#include "buf.h"\n#include "out.h"\n' + prelude +
            "\nint\nmain(void)\n{\n\tstruct arena *a = arena_make(1 << 20, NULL);\n"
            "\tstruct buf b = buf_make(a, 0), *out = &b;\n\n\t" + call +
            "\n\tfwrite(b.bytes, 1, b.n, stdout);\n\tarena_end(a);\n\treturn 0;\n}\n")
        (self.folder / "main.c").write_text(main)
        built = self.compile(["main.c", *base("arena.c", "buf.c"), str(ROOT / "fcgi/web/html.c")])
        assert built.returncode == 0, built.stderr
        done = subprocess.run([str(self.folder / "page")], capture_output=True, timeout=20)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def compile(self, more):
        return subprocess.run([CC, *FLAGS, *INCLUDES, "-I.", "-o", "page", "out.c", *more],
                              cwd=self.folder, capture_output=True, text=True)


@pytest.fixture
def run(tmplgen, tmp_path):
    return lambda text: Run(tmplgen, tmp_path, text)


def define(body, args="const char *x"):
    return "{{ define t(struct buf *out, %s) }}%s{{ end }}\n" % (args, body)


# What is made.

GOLDEN_TEMPLATE = """\
<!-- SPDX-License-Identifier: MIT -->
{{ include "row.h" }}

{{ define rows(struct buf *out, const struct row *rows, int n) }}
<!doctype html>
<ul>
	<!-- never sent -->
	{{ for int i = 0; i < n; i++ }}
	<li class="row{{ if rows[i].good }} good{{ end }}">{{ rows[i].name }}: {{ rows[i].n }}
	{{ else_text }}
	{{ end }}
</ul>
{{ end }}
"""

GOLDEN_C = """\
/* Made by tmplgen from templates/; do not edit. */
#include "buf.h"
#include "html.h"
#include "out.h"

#line 4 "t.html"
void
#line 4 "t.html"
rows(struct buf *out, const struct row *rows, int n)
{
#line 5 "t.html"
	buf_add(out,
	    "<!doctype html>\\n"
	    "<ul>\\n", 21);
#line 8 "t.html"
	for (int i = 0; i < n; i++) {
		buf_add(out,
	    "<li class=\\"row", 14);
#line 9 "t.html"
		if (rows[i].good) {
#line 9 "t.html"
			buf_add(out,
	    " good", 5);
#line 9 "t.html"
		}
#line 9 "t.html"
		buf_add(out,
	    "\\">", 2);
#line 9 "t.html"
		html_value(out, (rows[i].name), html_text);
#line 9 "t.html"
		buf_add(out,
	    ": ", 2);
#line 9 "t.html"
		html_value(out, (rows[i].n), html_text);
#line 9 "t.html"
		buf_add(out,
	    "\\n", 1);
#line 10 "t.html"
		html_value(out, (else_text), html_text);
#line 10 "t.html"
		buf_add(out,
	    "\\n", 1);
#line 11 "t.html"
	}
	buf_add(out,
	    "</ul>\\n", 6);
#line 13 "t.html"
}
"""

GOLDEN_H = """\
/* Made by tmplgen from templates/; do not edit. */
#ifndef TEMPLATES_GENERATED_H
#define TEMPLATES_GENERATED_H

#include "row.h"

struct buf;

void rows(struct buf *out, const struct row *rows, int n);

#endif
"""


def test_golden(run):
    made = run(GOLDEN_TEMPLATE)
    assert made.status == 0, made.words
    assert (made.folder / "out.h").read_text() == GOLDEN_H
    assert (made.folder / "out.c").read_text() == GOLDEN_C


@pytest.mark.parametrize("body, html", [
    ("<p>{{ x }}</p>", "<p>&lt;a href=\"'&amp;</p>"),
    ("<p title=\"{{ x }}\">", "<p title=\"&lt;a href=&quot;&#39;&amp;\">"),
    ("<p title='{{ x }}'>", "<p title='&lt;a href=&quot;&#39;&amp;'>"),
    ("<a href=\"/f/{{ x | url }}\">", "<a href=\"/f/%3Ca%20href%3D%22%27%26\">"),
    ("<a href=\"{{ x | href }}\">", "<a href=\"#\">"),
    ("<a href=\"{{ \"/a?b&c\" | href }}\">", "<a href=\"/a?b&amp;c\">"),
    ("<p>{{ x | raw }}</p>", "<p><a href=\"'&</p>"),
    ("<title>{{ x }}</title>", "<title>&lt;a href=\"'&amp;</title>"),
    ("<textarea>\n{{ x }}</textarea>", "<textarea>\n&lt;a href=\"'&amp;</textarea>"),
    ("<pre>\n a\n  b {{ x }}</pre>", "<pre>\n a\n  b &lt;a href=\"'&amp;</pre>"),
    ("<script src=\"/static/app.js\"></script>", "<script src=\"/static/app.js\"></script>"),
    ("a <!-- {x} <b> --> b", "a  b"),
    ("<p>a\n\t\t  b   c</p>", "<p>a\nb c</p>"),
    ("<input\n\tname=\"a\"\n\tvalue=\"b\">", "<input\nname=\"a\"\nvalue=\"b\">"),
    ("{{ \"}}|\" }}{{ 'a' == 97 ? \"yes\" : \"no\" }}", "}}|yes"),
    ("{{ (1 | 2) }} {{ (x || 0) ? 5u : 6u }} {{ -7L }} {{ sizeof(char) }}", "3 5 -7 1"),
    ("{{ (const char *)0 }}|{{ (char *)0 | raw }}", "|"),
    ("??(\\n\"%s\t\u014b", "??(\\n\"%s \u014b"),
    ("<option {{ if x }}selected {{ end }}value=\"a\">", "<option selected value=\"a\">"),
    ("<option value=\"a\" {{ if !x }}selected {{ end }}>", "<option value=\"a\" >"),
    ("<a class=\"{{ if !x }}a{{ else if *x == '<' }}b{{ else }}c{{ end }}\">",
     "<a class=\"b\">"),
    ("<a href=\"{{ if x }}/a{{ else }}/b{{ end }}/{{ x | url }}\">",
     "<a href=\"/a/%3Ca%20href%3D%22%27%26\">"),
    ("<a href=\"/a{{ if x }}?q={{ x | url }}{{ end }}\">",
     "<a href=\"/a?q=%3Ca%20href%3D%22%27%26\">"),
    ("<a href=\"{{ if x }}{{ x | href }}{{ else }}/b{{ end }}\">", "<a href=\"#\">"),
    ("{{ for int i = 0; i < 3; i++ }}<i data-n=\"{{ i }}\">{{ i }}</i>{{ end }}",
     '<i data-n="0">0</i><i data-n="1">1</i><i data-n="2">2</i>'),
    ("a\n{{ if x }}\n  b\n{{ else }}\n  c\n{{ end }}\nd", "a\nb\nd"),
    ("a\n  {{ if x }} b {{ end }}\n", "a\n b \n"),
    ("{{ x\n ? \"1\"\n : \"2\" }}", "1"),
    ("", ""),
])
def test_render(run, body, html):
    made = run(define("{{ x ? (const char *)0 : x }}" + body))
    assert made.status == 0, made.words
    assert made.render('t(out, "<a href=\\"\'&");') == html


def test_render_other_define(run):
    made = run("{{ define list(struct buf *b, int n) }}\n"
               "<ul>\n\t{{ for int i = 0; i < n; i++ }}\n"
               "\t{{ render item(b, i, \"}}\") }}\n\t{{ end }}\n</ul>\n{{ end }}\n"
               "{{ define item(struct buf *out, int n, const char *s) }}\n"
               "<li>{{ n }}{{ s }}\n{{ end }}\n")
    assert made.status == 0, made.words
    assert made.render("list(out, 2);") == "<ul>\n<li>0}}\n<li>1}}\n</ul>\n"


def test_two_files_share_an_include(tmplgen, tmp_path):
    for name in ("a", "b"):
        (tmp_path / (name + ".html")).write_text(
            '{{ include "same.h" }}{{ define %s(struct buf *out) }}x{{ end }}' % name)
    subprocess.run([str(tmplgen), "out.h", "out.c", "a.html", "b.html"], cwd=tmp_path,
                   check=True)
    assert (tmp_path / "out.h").read_text().count("same.h") == 1


@pytest.mark.parametrize("body, line, words", [
    ("<p>\n\n{{ x->nothing }}</p>", 3, "nothing"),
    ("{{ if x }}\n<p>a</p>\n{{ y }}\n{{ end }}", 3, "y"),
    ("<p>\n{{ *x == 'a' ? 1.5 : 2.5 }}</p>", 2, "double"),
    ("\n\n{{ for int i = 0; i < z; i++ }}\n{{ end }}", 3, "z"),
    ("\n{{ render t(out, 1, x) }}", 2, "t"),
])
def test_compiler_points_into_the_template(run, body, line, words):
    made = run(define(body))
    assert made.status == 0, made.words
    built = made.compile(["-c"])
    assert built.returncode != 0
    assert "t.html:%d:" % line in built.stderr and words in built.stderr


# What is refused.

UNQUOTED = "a value in an attribute without quotes"
ADDRESS = "a value in an address (href, src, action, ...) needs | url or | href"
NAME = "a value in a tag name or an attribute name"
CLOSED = "a value in srcdoc, srcset, http-equiv or the content of a meta"
WHOLE = "`| href` is a whole address: nothing may stand beside it"
ALONE = "`| href` is a whole address: it fills an href, src or action alone"
SCHEME = "a value after a scheme or a host: give it whole, with | href"
SLASH = "`| url` right after '/': the first part of a path must be literal"
INLINE = "an inline script or style: put it into a file of its own"
BRANCHES = "the branches of the if of line 2 end in different places of the HTML"
ENDS = "the define of line 1 ends inside a tag, a comment, pre, title or textarea"
EXPECTED_DEFINE = "expected: define NAME(struct buf *out, ...)"

REFUSED_BODIES = [
    # values
    ("<p title={{ x }}>", 2, UNQUOTED),
    ("<p title=a{{ x }}>", 2, UNQUOTED),
    ("<script>{{ x }}</script>", 2, "a value in script or style"),
    ("<script>\n{{ x }}</script>", 3, "a value in script or style"),
    ("<style>{{ x }}</style>", 2, "a value in script or style"),
    ("<STYLE>{{ x }}</STYLE>", 2, "a value in script or style"),
    ("<noscript>{{ x }}</noscript>", 2, "a value in script or style"),
    ("<!-- {{ x }} -->", 2, "a value in a comment"),
    ("<!doctype {{ x }}>", 2, "a value in a doctype"),
    ("<{{ x }}>", 2, "a value or a directive in a tag name"),
    ("</{{ x }}>", 2, "a value or a directive in a tag name"),
    ("<h{{ x }}>", 2, NAME),
    ("<p data-{{ x }}=\"a\">", 2, NAME),
    ("<p {{ x }}=\"a\">", 2, "a value in a tag outside the quotes of an attribute"),
    ("<p a=\"b\"{{ x }}>", 2, "a value in a tag outside the quotes of an attribute"),
    ("<a onclick=\"f('{{ x }}')\">", 2,
     "an on...= attribute: put the script into a file of its own"),
    ("<a OnClick='f()'>", 2, "an on...= attribute: put the script into a file of its own"),
    ("<p style=\"color: {{ x }}\">", 2, "a style= attribute: put it into the style sheet"),
    ("<iframe srcdoc=\"{{ x }}\">", 2, CLOSED),
    ("<img srcset=\"{{ x }}\">", 2, CLOSED),
    ("<meta http-equiv=\"{{ x }}\">", 2, CLOSED),
    ("<meta http-equiv=\"refresh\" content=\"0; {{ x }}\">", 2, CLOSED),
    ("<a href=\"{{ x }}\">", 2, ADDRESS),
    ("<a HREF='/a/{{ x }}'>", 2, ADDRESS),
    ("<img src=\"{{ x }}\">", 2, ADDRESS),
    ("<form action=\"{{ x }}\">", 2, ADDRESS),
    ("<button formaction=\"{{ x }}\">", 2, ADDRESS),
    ("<use xlink:href=\"{{ x }}\">", 2, ADDRESS),
    ("<a href=\"/{{ x | url }}\">", 2, SLASH),
    ("<a href=\"{{ x | url }}/{{ x | url }}\">", 2, SLASH),
    ("<a href=\"javascript:{{ x | url }}\">", 2, SCHEME),
    ("<a href=\"javascript&colon;{{ x | url }}\">", 2, SCHEME),
    ("<a href=\"{{ x | url }}:{{ x | url }}\">", 2, SCHEME),
    ("<a href=\"//{{ x | url }}\">", 2, SCHEME),
    ("<a href=\"/\\{{ x | url }}\">", 2, SCHEME),
    ("<a href=\"https://{{ x | url }}\">", 2, SCHEME),
    ("<a href=\"{{ if x }}/{{ else }}java{{ end }}script:{{ x | url }}\">", 2, SCHEME),
    ("<a href=\"/a/{{ x | href }}\">", 2, ALONE),
    ("<a href=\"{{ x | href }}?a=b\">", 2, WHOLE),
    ("<a href=\"{{ x | href }}{{ x | url }}\">", 2, WHOLE),
    ("<a href=\"{{ if x }}{{ x | href }}{{ end }}{{ x | url }}\">", 2, WHOLE),
    ("<p title=\"{{ x | href }}\">", 2, ALONE),
    ("{{ x | href }}", 2, "`| href` outside an address attribute"),
    ("<p title=\"{{ x | raw }}\">", 2, "`| raw` outside the text between tags"),
    ("<a href=\"{{ x | raw }}\">", 2, "`| raw` outside the text between tags"),
    ("<title>{{ x | raw }}</title>", 2, "a filter in title or textarea"),
    ("{{ x | upper }}", 2, "unknown filter: | upper"),
    ("{{ x | url | raw }}", 2, "more than one filter"),
    ("{{ }}", 2, "empty {{ }}"),
    ("{{ | raw }}", 2, "empty {{ }}"),
    # HTML that two readers could read in two ways
    ("a < b", 2, "a bare '<': write &lt;"),
    ("<textarea><b></textarea>", 2, "a bare '<': write &lt;"),
    ("<textarea><{{ x }}", 2, "a bare '<': write &lt;"),
    ("<![CDATA[ x ]]>", 2, "a bare '<': write &lt;"),
    ("<script>f();</script>", 2, INLINE),
    ("<style>p { }</style>", 2, INLINE),
    ("<p a =\"b\">", 2, "a blank before '=', or no attribute name"),
    ("<p a= \"b\">", 2, "no attribute value after '='"),
    ("<p a=>", 2, "no attribute value after '='"),
    ("<p a=\"b\"c=\"d\">", 2, "no blank between two attributes"),
    ("<p a=b\"c>", 2, "a strange character in an attribute without quotes"),
    ("<p \"a\">", 2, "a strange character in an attribute name"),
    ("<p{a}>", 2, "a strange character in a tag name"),
    ("<a%s>" % ("b" * 40), 2, "a tag name that is too long"),
    ("<a %s>" % ("b" * 40), 2, "an attribute name that is too long"),
    ("</p class=\"a\">", 2, "an attribute in an end tag"),
    ("<p", 3, ENDS),
    ("<p a=\"", 3, ENDS),
    ("<title>", 3, ENDS),
    ("<pre>", 3, ENDS),
    ("<!-- ", 3, ENDS),
    # blocks
    ("<!-- {{ if x }} -->", 2, "a directive in a comment"),
    ("<p{{ if x }} a{{ end }}>", 2, "a directive right after a name: put a blank before it"),
    ("<p {{ if x }}a{{ end }}>", 2, "a directive right after a name: put a blank before it"),
    ("<p a={{ if x }}b{{ end }}>", 2, "a directive in an attribute without quotes"),
    ("<script>{{ if x }}{{ end }}</script>", 2, "a directive in script, style or a doctype"),
    ("{{ if x }}<p title=\"{{ else }}<p title='{{ end }}", 2, BRANCHES),
    ("{{ if x }}<p \n{{ end }}", 3, BRANCHES),
    ("{{ if x }}<title>{{ else if *x }}{{ else }}<title>{{ end }}", 2, BRANCHES),
    ("{{ if x }}<pre>{{ end }}", 2, BRANCHES),
    ("{{ for int i = 0; i < 2; i++ }}<p {{ end }}", 2,
     "the for of line 2 ends in another place of the HTML than it began"),
    ("<a href=\"{{ for int i = 0; i < 2; i++ }}{{ x | href }}{{ end }}\">", 2,
     "the for of line 2 ends in another place of the HTML than it began"),
    ("<a href=\"{{ for int i = 0; i < 2; i++ }}{{ x | url }}/{{ end }}\">", 2,
     "the for of line 2 ends in another place of the HTML than it began"),
    ("{{ if }}{{ end }}", 2, "if without a condition"),
    ("{{ for }}{{ end }}", 2, "expected: for start; condition; step"),
    ("{{ else }}", 2, "else without if"),
    ("{{ for int i = 0; i < 2; i++ }}{{ else }}{{ end }}", 2, "else without if"),
    ("{{ if x }}{{ else }}{{ else }}{{ end }}", 2, "else after the else of the if of line 2"),
    ("{{ if x }}{{ else x }}{{ end }}", 2, "expected: else, or else if CONDITION"),
    ("{{ if x }}{{ end if }}", 2, "expected: end, alone"),
    ("{{ define u(struct buf *out) }}{{ end }}", 2, "define inside the define of line 1"),
    ("{{ include \"a.h\" }}", 2, "include inside a define"),
    ("<p title=\"{{ render t(out, x) }}\">", 2, "render outside the text between tags"),
    ("{{ render t }}", 2, "expected: render NAME(out, ...)"),
    ("{{ while x }}", 2, "unknown directive: while"),
    ("{{ while (x) }}", 2, "unknown directive: while"),
    ("{{ unless x }}", 2, "unknown directive: unless"),
    ("{{ extends \"base\" }}", 2, "unknown directive: extends"),
    ("{{ x", 2, "{{ without }}"),
    ("{{ \"}}", 2, "{{ without }}"),
    ("{{ if x }}" * 16, 2, "more than 16 blocks in blocks"),
]


@pytest.mark.parametrize("body, line, words", REFUSED_BODIES)
def test_refused_body(run, body, line, words):
    made = run("{{ define t(struct buf *out, const char *x) }}\n" + body + "\n{{ end }}\n")
    assert made.status == 1
    assert made.words == "t.html:%d: %s\n" % (line, words)
    assert not (made.folder / "out.c").exists()


@pytest.mark.parametrize("text, line, words", [
    ("\n<p>", 2, "text outside a define"),
    ("\n<!-- a", 2, "text outside a define"),
    ("<!-- a -->\n\nb", 3, "text outside a define"),
    ("\n{{ x }}", 2, "outside a define: {{ x }}"),
    ("{{ if x }}", 1, "outside a define: {{ if x }}"),
    ("{{ end }}", 1, "end without define, if or for"),
    ("\n{{ define t(struct buf *out) }}", 2, "no end"),
    ("{{ define t(struct buf *out) }}\n{{ if 1 }}\n", 2, "no end"),
    (define("") + define(""), 2, "t is defined twice"),
    ("{{ define t(int x) }}", 1, EXPECTED_DEFINE),
    ("{{ define t }}", 1, EXPECTED_DEFINE),
    ("{{ define (struct buf *out) }}", 1, EXPECTED_DEFINE),
    ("{{ define 9t(struct buf *out) }}", 1, EXPECTED_DEFINE),
    ("{{ define t(struct buf *) }}", 1, EXPECTED_DEFINE),
    ("{{ define t(struct buf *out) x }}", 1, EXPECTED_DEFINE),
    ("{{ define t(struct buf *%s) }}" % ("o" * 64), 1, EXPECTED_DEFINE),
    ("{{ include a.h }}", 1, "expected: include \"name.h\""),
    ("{{ include \"a\" \"b\" }}", 1, "expected: include \"name.h\""),
    (b"a\0b", 1, "contains a NUL"),
])
def test_refused_file(run, text, line, words):
    made = run(text)
    assert made.status == 1
    assert made.words == "t.html:%d: %s\n" % (line, words)
    assert not (made.folder / "out.c").exists()


def test_longest_file_and_one_more(run):
    assert run(b" " * (1 << 20)).status == 0
    made = run(b" " * ((1 << 20) + 1))
    assert made.status == 1
    assert made.words == "t.html:1: can't be read, or is longer than 1048576 bytes\n"


def test_every_bad_file_is_named(tmplgen, tmp_path):
    for name in ("a", "b"):
        (tmp_path / (name + ".html")).write_text("x")
    done = subprocess.run([str(tmplgen), "out.h", "out.c", "a.html", "no.html", "b.html"],
                          cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert [w.split(":")[0] for w in done.stderr.splitlines()] == [
        "a.html", "no.html", "b.html"]


def test_usage(tmplgen):
    done = subprocess.run([str(tmplgen), "out.h"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("usage: tmplgen")
