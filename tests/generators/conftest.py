# SPDX-License-Identifier: MIT
"""The templates as they are in the tree, compiled once with a program that writes each
page with sample data (pages.c)."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CC = os.environ.get("CC", "cc")
FLAGS = (
    "-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes "
    "-Wmissing-prototypes -Wvla -Wformat=2 -Werror -g -fsanitize=address,undefined"
).split()
INCLUDES = ["-I" + str(ROOT / "fcgi" / tier) for tier in ("base", "web", "app")]


def base(*names):
    return [str(ROOT / "fcgi/base" / name) for name in names]


@pytest.fixture(scope="session")
def tmplgen(tmp_path_factory):
    """The generator, built with ASan and UBSan."""
    program = tmp_path_factory.mktemp("tmplgen") / "tmplgen"
    sources = [str(ROOT / "templates" / name)
               for name in ("tmplgen.c", "tmplgen_code.c", "tmplgen_place.c")]
    subprocess.run([CC, *FLAGS, "-I" + str(ROOT / "templates"), *INCLUDES,
                    "-o", str(program), *sources, *base("arena.c", "buf.c")], check=True)
    return program


@pytest.fixture(scope="session")
def pages(tmplgen, tmp_path_factory):
    """pages(name, *how): one page as text; pages() the list of names."""
    folder = tmp_path_factory.mktemp("pages")
    templates = sorted((ROOT / "templates").glob("*.html"))
    subprocess.run([str(tmplgen), "templates.h", "templates.c", *map(str, templates)],
                   cwd=folder, check=True)
    subprocess.run([CC, *FLAGS, *INCLUDES, "-I" + str(folder), "-o", "pages",
                    str(ROOT / "tests/generators/pages.c"), "templates.c",
                    str(ROOT / "fcgi/web/html.c"), *base("arena.c", "buf.c", "text.c"),
                    "-lsodium"], cwd=folder, check=True)

    def write(*words):
        done = subprocess.run([str(folder / "pages"), *words], capture_output=True,
                              check=True, timeout=20)
        return done.stdout.decode()

    return write
