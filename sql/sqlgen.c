/* SPDX-License-Identifier: MIT */
/*
 * sqlgen OUT.h OUT.c MIGRATION.sql... -- STATEMENTS.sql...
 *
 * Turns SQL into typed C functions at build time, and refuses what would not run
 * alike on SQLite and PostgreSQL. The parts, in the order of their work:
 *   sqlgen_lex.c     the words of SQL          sqlgen_rules.c  what may stand in it
 *   sqlgen_schema.c  migrations, columns       sqlgen_type.c   types, by SQLite
 *   sqlgen_read.c    statements and marks      sqlgen_twin.c   texts for both
 *   sqlgen_emit.c    the header and the source
 *   sqlgen_fragment.c  what statements share
 * Every fault is told as file:line: words; nothing is written if there was one.
 * Memory comes from one arena and ends with the program. The marks in a statement's
 * comment are told in sqlgen_read.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "sqlgen.h"

enum { FILE_MAX = 4 << 20, MEMORY = 256 << 20 };

static void
fault_print(struct gen *g, const char *file, int line, const char *format, va_list args)
{
	fprintf(stderr, "%s:%d: ", file, line);
	(void)vfprintf(stderr, format, args);
	fputc('\n', stderr);
	g->faults++;
}

bool
fault(struct gen *g, const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fault_print(g, file, line, format, args);
	va_end(args);
	return false;
}

bool
wrong(struct gen *g, const struct statement *s, const struct token *t,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fault_print(g, s->file, t ? t->line : s->line, format, args);
	va_end(args);
	return false;
}

void *
list_more(struct gen *g, void *items, size_t n, size_t size)
{
	void *more;

	if (items && (n < 8 || (n & (n - 1)) != 0))
		return items;
	more = arena_items(g->arena, n < 8 ? 8 : 2 * n, size);
	if (n)
		memcpy(more, items, n * size);
	return more;
}

static char *
read_file(struct gen *g, const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long size;

	if (!f) {
		fault(g, path, 1, "can't be opened");
		return NULL;
	}
	size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
	rewind(f);
	if (size >= 0 && size <= FILE_MAX) {
		text = arena_take(g->arena, (size_t)size + 1);
		if (fread(text, 1, (size_t)size, f) != (size_t)size ||
		    memchr(text, '\0', (size_t)size))
			text = NULL;
	}
	if (!text)
		fault(g, path, 1, "can't be read, is longer than 4 MiB, or not a text");
	(void)fclose(f); /* it was only read */
	return text;
}

static bool
open_sqlite(struct gen *g)
{
	if (sqlite3_open(":memory:", &g->sqlite) != SQLITE_OK)
		return fault(g, "sqlgen", 1, "SQLite does not start");
	/* A misspelt "name" must not become a string. */
	(void)sqlite3_db_config(g->sqlite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(g->sqlite, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	return true;
}

static bool
check_people(struct gen *g)
{
	for (size_t i = 0; i < g->n_people; i++) {
		bool there = false;

		for (size_t c = 0; c < g->n_columns; c++)
			there = there || strcmp(g->columns[c].table, g->people[i]) == 0;
		if (!there)
			return fault(g, "sqlgen", 1, "the people table %s is not there "
			    "after the last step", g->people[i]);
	}
	return true;
}

static bool
run(struct gen *g, int argc, char **argv)
{
	int i = 3;
	char *text;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		text = read_file(g, argv[i]);
		if (!text || !schema_step(g, argv[i], text))
			return false; /* later steps build on this one */
	}
	if (!check_people(g))
		return false;
	for (i++; i < argc; i++) {
		text = read_file(g, argv[i]);
		if (text)
			(void)read_statements(g, argv[i], text); /* counted in faults */
	}
	fragments_check(g);
	twins_type(g);
	return !g->faults && emit_header(g, argv[1]) && emit_source(g, argv[2], argv[1]);
}

int
main(int argc, char **argv)
{
	struct gen g = { .arena = NULL };
	bool good;

	if (argc < 4) {
		fputs("usage: sqlgen OUT.h OUT.c MIGRATION.sql... -- STATEMENTS.sql...\n",
		    stderr);
		return 2;
	}
	g.arena = arena_make(MEMORY, NULL);
	good = open_sqlite(&g) && run(&g, argc, argv);
	(void)sqlite3_close(g.sqlite); /* only a memory of this process */
	arena_end(g.arena);
	return good ? 0 : 1;
}
