/* SPDX-License-Identifier: MIT */
/*
 * The database tier when things go: a file that is moved away, comes back or is
 * another one, a file that is none, a database newer than the program, and, when
 * TEST_PG_URL names a database that may be emptied, server processes that die at every
 * bad moment. Also: what gets into the log then, and what must not, and a commit that
 * comes too late.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "db_test.h"
#include "engine.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"

#include "postgres.h"
#include "test.h"

struct conf conf;

static char folder[] = "/tmp/test_dblost_XXXXXX";

static struct db *
open_new(const char *url, struct arena *arena)
{
	struct db *db;
	int n;

	ok(db_open(url, arena, &db) == OK && db_migrate(db, &n) == OK, "a new database");
	return db;
}

static enum err
note_add(struct db *db, const char *id, int64_t n_lines)
{
	const struct note_add_in in = { id, n_lines, "", 0 };

	return q_note_add(db, &in, NULL);
}

static int64_t
notes(struct db *db)
{
	struct note_order_row *rows;
	size_t n;

	return q_note_order(db, &rows, &n) == OK ? (int64_t)n : -1;
}

static const char *
path_of(const char *name)
{
	static char paths[4][80];
	static int next;

	next = (next + 1) % 4;
	(void)snprintf(paths[next], sizeof(paths[next]), "%s/%s", folder, name);
	return paths[next];
}

static void
test_file(struct arena *arena)
{
	char url[96];
	struct db *db, *other;
	struct stat st;

	(void)snprintf(url, sizeof(url), "sqlite:%s", path_of("a.db"));
	db = open_new(url, arena);
	ok(note_add(db, "one", 1) == OK, "a note");
	ok(stat(path_of("a.db"), &st) == 0 && (st.st_mode & 0777) == 0600 &&
	    stat(path_of("a.db-wal"), &st) == 0 && (st.st_mode & 0777) == 0600,
	    "the files are their owner's only");
	ok(rename(path_of("a.db"), path_of("gone.db")) == 0, "the file is moved away");
	ok(note_add(db, "two", 1) == ERR_DOWN && db_begin(db) == ERR_DOWN,
	    "then the database is down");
	ok(access(path_of("a.db"), F_OK) != 0, "and no empty one is made");
	ok(rename(path_of("gone.db"), path_of("a.db")) == 0 && notes(db) == 1 &&
	    note_add(db, "two", 1) == OK, "it comes back with all that was in it");
	(void)snprintf(url, sizeof(url), "sqlite:%s", path_of("b.db"));
	other = open_new(url, arena);
	ok(note_add(other, "x", 1) == OK && note_add(other, "y", 1) == OK &&
	    note_add(other, "z", 1) == OK, "another database");
	db_close(other);
	ok(unlink(path_of("a.db-wal")) == 0 && unlink(path_of("a.db-shm")) == 0 &&
	    rename(path_of("b.db"), path_of("a.db")) == 0,
	    "takes the place of the first");
	ok(notes(db) == 3 && db_begin(db) == OK && note_add(db, "w", 1) == OK &&
	    db_commit(db) == OK && notes(db) == 4, "and is the one that is used");
	db_close(db);
}

static void
test_no_database(struct arena *arena)
{
	static const char junk[4096] = "This is not a database, but long enough for one.";
	char url[96];
	struct db *db;
	int fd = open(path_of("junk.db"), O_WRONLY | O_CREAT, 0600);

	ok(write(fd, junk, sizeof(junk)) == sizeof(junk), "a file of something else");
	(void)close(fd);
	(void)snprintf(url, sizeof(url), "sqlite:%s", path_of("junk.db"));
	ok(db_open(url, arena, &db) == ERR_BROKEN && !db, "is not opened");
}

/* What was stamped long ago is never committed: who reads by time has gone on. */
static void
test_stamp(struct db *db)
{
	int64_t before = notes(db);

	db_stamp(db, clock_now() - DB_STAMP_AGE - CLOCK_SECOND);
	ok(db_begin(db) == OK && note_add(db, "s1", 1) == OK &&
	    db_commit(db) == ERR_DOWN && !db_in_transaction(db), "too late");
	db_intend(db);
	ok(note_add(db, "s1", 1) == OK && db_commit(db) == ERR_DOWN,
	    "also when begun with the first write");
	ok(notes(db) == before, "nothing of it is left");
	db_intend(db);
	ok(notes(db) == before && db_commit(db) == OK, "who only reads is not late");
	db_stamp(db, clock_now());
	ok(db_begin(db) == OK && note_add(db, "s1", 1) == OK && db_commit(db) == OK,
	    "in time");
	db_stamp(db, 0);
	ok(db_begin(db) == OK && note_add(db, "s2", 1) == OK && db_commit(db) == OK &&
	    notes(db) == before + 2, "and without a stamp");
}

/* Both engines: a database that a newer program has migrated. */
static void
test_newer(struct db *db)
{
	int64_t version;
	int n;

	ok(db->engine->script(db, "test", "INSERT INTO schema_step (version, name, "
	    "done_at) VALUES (99, 'later', 0)") == OK, "a step of the future");
	ok(db_version(db, &version) == OK && version == 99, "is the version");
	ok(db_migrate(db, &n) == ERR_BROKEN && n == 0, "and is not migrated");
	ok(db->engine->script(db, "test", "DELETE FROM schema_step WHERE version = 99;"
	    "SELECT nonsense") == ERR_BROKEN, "a script with a fault says so");
}

/* A step that fails half way leaves nothing. */
static void
test_half_step(struct db *db)
{
	ok(db_begin(db) == OK && db->engine->script(db, "test",
	    "CREATE TABLE half (a BIGINT);\nCREATE TABLE note (a BIGINT)") == ERR_BROKEN,
	    "the second half fails");
	db_rollback(db);
	ok(db->engine->script(db, "test", "CREATE TABLE half (a BIGINT);"
	    "DROP TABLE half") == OK, "the first half is undone");
}

/* Everything the log says while work() runs. */
static const char *
logged(void (*work)(const char *url, struct arena *arena), const char *url,
    struct arena *arena)
{
	static char text[8192];
	int err = dup(STDERR_FILENO);
	int fd = open(path_of("log"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	ssize_t n;

	(void)dup2(fd, STDERR_FILENO);
	log_limit(LOG_DEBUG);
	work(url, arena);
	log_limit(LOG_ERROR + 1);
	(void)dup2(err, STDERR_FILENO);
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	(void)close(err);
	return text;
}

static void
conflicts(const char *url, struct arena *arena)
{
	struct person_add_in in = { .person_id = "id-first", .full_name = "Mulenga Banda",
	    .phone = "0977123456", .created_at = 4242424242 };
	struct db *db;

	if (db_open(url, arena, &db) != OK)
		return;
	(void)q_person_add(db, &in, NULL);
	(void)q_person_add(db, &in, NULL);
	in.person_id = "id-other";
	(void)q_person_add(db, &in, NULL);
	in.full_name = NULL;
	(void)q_person_add(db, &in, NULL);
	(void)note_add(db, "id-third", -4242424242);
	db_close(db);
}

static void
test_log(const char *url, struct arena *arena)
{
	static const char *const secret[] = {
		"id-first", "id-other", "id-third", "Mulenga", "0977123", "4242424242"
	};
	const char *text = logged(conflicts, url, arena);
	bool clean = true;

	ok(strstr(text, "person_add") && strstr(text, "conflict") &&
	    strstr(text, "phone") && strstr(text, "note_add"), "the log names the cause");
	for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++)
		clean = clean && !strstr(text, secret[i]);
	ok(clean, "and no value");
}

static int64_t
server_process(struct db *db)
{
	struct pid_get_row row = { 0 };

	return q_pid_get(db, &row) == OK ? row.pid : -1;
}

static void
end_process(struct db *killer, int64_t pid)
{
	struct pid_kill_row row;

	ok(q_pid_kill(killer, &(struct pid_kill_in){ pid }, &row) == OK && row.done,
	    "its server process is ended");
}

/* In a process of its own: end pid once it naps. */
static int
end_later(const char *url, const char *pid)
{
	struct arena *arena = arena_make(1 << 20, NULL);
	struct nap_kill_in in = { strtoll(pid, NULL, 10) };
	struct nap_kill_row row = { false };
	struct db *db;

	if (db_open(url, arena, &db) == OK)
		while (q_nap_kill(db, &in, &row) == ERR_MISSING)
			(void)usleep(10000);
	db_close(db);
	arena_end(arena);
	return !row.done;
}

static pid_t
start_end_later(const char *url, int64_t pid)
{
	char text[24];
	pid_t child;

	(void)snprintf(text, sizeof(text), "%lld", (long long)pid);
	child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "test_dblost", url, text, (char *)NULL);
		_exit(100);
	}
	return child;
}

static void
test_idle(struct db *db, struct db *killer)
{
	end_process(killer, server_process(db));
	ok(notes(db) == 0, "idle, then a read");
	end_process(killer, server_process(db));
	ok(note_add(db, "idle", 1) == OK && notes(db) == 1, "idle, then a write, once");
	end_process(killer, server_process(db));
	ok(db_begin(db) == OK && note_add(db, "idle2", 1) == OK && db_commit(db) == OK &&
	    notes(db) == 2, "idle, then a transaction");
}

static void
test_within(struct db *db, struct db *killer)
{
	int64_t pid = server_process(db);

	ok(db_begin(db) == OK && note_add(db, "lost", 1) == OK, "in a transaction");
	end_process(killer, pid);
	ok(note_add(db, "lost2", 1) == ERR_DOWN, "a write in it is ERR_DOWN");
	ok(notes(db) == -1, "a read in it is not done elsewhere");
	ok(db_commit(db) != OK, "it can't be committed");
	ok(notes(db) == 2 && server_process(db) != pid, "and nothing of it is left");
	pid = server_process(db);
	ok(db_begin(db) == OK && note_add(db, "lost", 1) == OK, "another");
	end_process(killer, pid);
	ok(db_commit(db) == ERR_DOWN && !db_in_transaction(db) && notes(db) == 2,
	    "whose commit is lost");
	ok(db_begin(db) == OK && note_add(db, "kept", 1) == OK, "a third");
	db_rollback(db);
	ok(notes(db) == 2, "is rolled back as ever");
}

/* Statements that nobody waited for, when the connection goes. */
static void
test_sent(struct db *db, struct db *killer)
{
	const struct person_send_in in = { "sent", "sent", "sent" };
	int64_t pid = server_process(db);

	ok(db_begin(db) == OK && q_person_send(db, &in) == OK, "sent");
	end_process(killer, pid);
	ok(db_commit(db) == ERR_DOWN && !db_in_transaction(db), "the commit is lost");
	pid = server_process(db);
	ok(db_begin(db) == OK && q_person_send(db, &in) == OK, "sent again");
	end_process(killer, pid);
	ok(notes(db) == -1, "a read after it fails");
	db_rollback(db);
	pid = server_process(db);
	ok(db_begin(db) == OK && q_person_send(db, &in) == OK, "and again");
	end_process(killer, pid);
	db_rollback(db);
	ok(notes(db) == 2 && q_person_send(db, &in) == OK &&
	    q_person_drop(db, NULL) == OK,
	    "all is forgotten, and the next connection is good");
}

static void
test_meanwhile(struct db *db, const char *url)
{
	int64_t pid = server_process(db);
	pid_t child = start_end_later(url, pid);
	struct nap_row row;
	int status;

	ok(q_nap(db, &(struct nap_in){ 3.0 }, &row) == OK && row.done &&
	    server_process(db) != pid, "a read that is broken off is done again");
	ok(waitpid(child, &status, 0) == child && status == 0, "(it was broken off)");
	child = start_end_later(url, server_process(db));
	ok(q_note_slow(db, NULL) == ERR_DOWN, "a write that is broken off is ERR_DOWN");
	ok(waitpid(child, &status, 0) == child && status == 0, "(it was broken off)");
	ok(note_add(db, "idle", 1) == OK && notes(db) == 2, "the connection is new");
}

static enum err
count_line(void *context, const struct note_each_row *row)
{
	*(int64_t *)context += row->n_lines;
	return OK;
}

static void
test_not_twice(struct db *db, const char *url)
{
	pid_t child;
	int64_t sum = 0;
	int status;

	ok(note_add(db, "idle", 0) == OK && note_add(db, "idle2", 0) == OK, "two notes");
	child = start_end_later(url, server_process(db));
	ok(q_note_slow(db, NULL) == ERR_DOWN &&
	    waitpid(child, &status, 0) == child && status == 0, "a write broken off");
	ok(q_note_each(db, count_line, &sum) == OK && sum == 0, "was not done again");
}

struct cut {
	struct db *killer;
	int64_t pid, n;
};

static enum err
cut_off(void *context, const struct note_each_row *row)
{
	struct cut *c = context;
	struct pid_kill_row killed;

	(void)row;
	if (c->n++ == 0 && (q_pid_kill(c->killer, &(struct pid_kill_in){ c->pid },
	    &killed) != OK || !killed.done))
		return ERR_BAD;
	return OK;
}

static void
test_each_cut(struct db *db, struct db *killer)
{
	enum { NOTES = 20000 };
	struct cut c = { .killer = killer, .pid = server_process(db) };
	static char text[2001];
	bool right = true;
	char id[16];

	memset(text, 'x', 2000);
	ok(q_note_drop(db, NULL) == OK && db_begin(db) == OK, "an export of 40 MB");
	for (int i = 0; i < NOTES; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		right = right && q_note_add(db, &(struct note_add_in){ id, i, text, 0 },
		    NULL) == OK;
	}
	ok(right && db_commit(db) == OK, "is stored");
	ok(q_note_each(db, cut_off, &c) == ERR_DOWN && c.n >= 1 && c.n < NOTES,
	    "cut off in its midst it is ERR_DOWN, and no row comes twice");
	c.n = 1;
	ok(q_note_each(db, cut_off, &c) == OK && c.n == NOTES + 1, "then it works");
	ok(q_note_drop(db, NULL) == OK, "away with it");
}

static void
test_prepared(struct db *db)
{
	ok(notes(db) == 0 && db->engine->script(db, "test", "DEALLOCATE ALL") == OK &&
	    notes(db) == 0, "prepared statements that are gone are made again");
	ok(notes(db) == 0 && db->engine->script(db, "test", "ALTER TABLE note ALTER "
	    "COLUMN note_id TYPE varchar(200) COLLATE \"C\"") == OK && notes(db) == 0,
	    "so are those that no longer fit");
	ok(db_begin(db) == OK && db->engine->script(db, "test", "DEALLOCATE ALL") == OK &&
	    notes(db) == -1, "in a transaction it is lost");
	db_rollback(db);
	ok(notes(db) == 0, "but the next is well");
}

static void
bad_connections(const char *url, struct arena *arena)
{
	struct db *db;

	(void)db_open("postgresql://u:secret@127.0.0.1:1/x", arena, &db);
	(void)db_open("postgresql://u:secret@127.0.0.1:1/x?colour=secret", arena, &db);
	(void)db_open("postgresql://u:secret@no.invalid/x", arena, &db);
	(void)url;
}

static void
test_connect(struct arena *arena)
{
	const char *text = logged(bad_connections, NULL, arena);
	struct db *db;

	ok(strstr(text, "nobody listens") && strstr(text, "host name is not known") &&
	    !strstr(text, "secret"), "a failed connection is told without its password");
	ok(db_open("postgresql://u@127.0.0.1:1/x", arena, &db) == ERR_DOWN && !db,
	    "nobody there is ERR_DOWN");
}

/* In a process of its own, locked as a worker: its exit status tells whether it retired
 * when a host was not known, the file by which names are found being replaced or not. */
static int
retires(bool replaced, struct arena *arena)
{
	const char *const writable[] = { folder, NULL };
	const char *const readable[] = { path_of("names"), NULL };
	const struct sandbox s = { writable, readable, { 1 }, false };
	struct db *db;
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		(void)close(open(readable[0], O_CREAT | O_WRONLY, 0600));
		(void)close(open(path_of("next"), O_CREAT | O_WRONLY, 0600));
		if (sandbox_lock(&s) != OK || (replaced &&
		    rename(path_of("next"), readable[0]) != 0) ||
		    db_open("postgresql://u@127.0.0.1:1/x", arena, &db) != ERR_DOWN ||
		    proc_stopping() || /* no file has to do with that */
		    db_open("postgresql://u@no.invalid/x", arena, &db) != ERR_DOWN)
			_exit(2);
		_exit(proc_stopping());
	}
	ok(waitpid(child, &status, 0) == child && WIFEXITED(status), "a locked process");
	return WEXITSTATUS(status);
}

static void
test_replaced(struct arena *arena)
{
	ok(retires(true, arena) == 1, "ends when the names were replaced");
	ok(retires(false, arena) == 0, "goes on when they are the same");
}

/* What is set for the user does not hold for us: another isolation, fewer digits. And
 * the server ends who is idle in a transaction. */
static void
test_host_settings(const char *url, struct arena *arena)
{
	static const char *const set[] = {
		"ALTER ROLE CURRENT_USER SET default_transaction_isolation ="
		"    serializable;"
		"ALTER ROLE CURRENT_USER SET extra_float_digits = 0;"
		"ALTER ROLE CURRENT_USER SET idle_in_transaction_session_timeout = 2000",
		"ALTER ROLE CURRENT_USER RESET ALL"
	};
	const double area = 0.1 + 0.2;
	struct person_get_row row = { .area_ha = NULL };
	struct db *db, *other;

	ok(db_open(url, arena, &other) == OK &&
	    other->engine->script(other, "test", set[0]) == OK &&
	    db_open(url, arena, &db) == OK, "settings of the host");
	ok(q_person_add(db, &(struct person_add_in){ .person_id = "digits",
	    .full_name = "x", .phone = "digits", .area_ha = &area }, NULL) == OK &&
	    q_person_get(db, &(struct person_get_in){ .person_id = "digits",
	    .viewer_all = true }, &row) == OK && row.area_ha && *row.area_ha == area,
	    "numbers have all their digits");
	ok(db_begin(db) == OK && notes(db) == 0 && note_add(other, "seen", 1) == OK &&
	    notes(db) == 1 && db_commit(db) == OK, "each statement sees what is there");
	ok(db_begin(db) == OK && note_add(db, "idle", 1) == OK, "a transaction");
	(void)usleep(3000000);
	ok(note_add(db, "idle2", 1) == ERR_DOWN, "that was idle too long is lost");
	db_rollback(db);
	ok(notes(db) == 1 && q_note_drop(db, NULL) == OK && q_person_drop(db, NULL) == OK,
	    "and the next is well");
	ok(other->engine->script(other, "test", set[1]) == OK, "(they are taken back)");
	db_close(db);
	db_close(other);
}

/* Who waits for a NOTIFY begins anew to listen on each connection. */
static void
test_listening(struct db *db, struct db *killer)
{
	db_wait(db, 1);
	ok(db->watched == server_process(db), "one connection listens");
	end_process(killer, server_process(db));
	ok(notes(db) == 0 && db->watched == 0, "the next does not, whatever its number");
	db_wait(db, 1);
	ok(db->watched == server_process(db), "but will");
}

static void
test_server(const char *url, struct arena *arena)
{
	struct db *db, *killer;

	empty_server(url);
	db = open_new(url, arena);
	killer = open_new(url, arena);
	test_idle(db, killer);
	test_within(db, killer);
	test_sent(db, killer);
	test_meanwhile(db, url);
	test_not_twice(db, url);
	test_each_cut(db, killer);
	test_prepared(db);
	test_listening(db, killer);
	test_host_settings(url, arena);
	test_stamp(db);
	test_newer(db);
	test_half_step(db);
	test_log(url, arena);
	db_close(db);
	db_close(killer);
}

static void
remove_files(void)
{
	static const char *const names[] = {
		"a.db", "a.db-wal", "a.db-shm", "junk.db", "log", "names", "next"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unlink(path_of(names[i])); /* some are not there */
	ok(rmdir(folder) == 0, "no other file is left");
}

int
main(int argc, char **argv)
{
	const char *pg = getenv("TEST_PG_URL");
	struct arena *arena;
	struct db *db;
	char url[96];

	/* The failures are wanted. */
	log_limit(getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR + 1);
	if (argc == 3)
		return end_later(argv[1], argv[2]);
	if (!mkdtemp(folder))
		return 1;
	arena = arena_make(16 << 20, NULL);
	test_file(arena);
	test_no_database(arena);
	test_connect(arena);
	test_replaced(arena);
	(void)snprintf(url, sizeof(url), "sqlite:%s", path_of("a.db"));
	test_log(url, arena);
	db = open_new(url, arena);
	test_stamp(db);
	test_newer(db);
	test_half_step(db);
	db_close(db);
	if (pg)
		test_server(pg, arena);
	else
		printf("# TEST_PG_URL is not set: PostgreSQL is not tested\n");
	remove_files();
	arena_end(arena);
	return test_end();
}
