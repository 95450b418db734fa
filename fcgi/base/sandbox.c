/* SPDX-License-Identifier: MIT */
/*
 * Giving up rights, for good. Two locks of the kernel, one behind the other:
 * landlock (landlock(7)) says which files and which TCP ports, seccomp
 * (sandbox_calls.c) says which system calls. Neither needs root. Landlock grows
 * with the kernel: its version decides what can be asked for, and what is missing
 * is written to the log once. sandbox_prove.c shows that the locks hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"
#include "sandbox_calls.h"
#include "text.h"

/*
 * What Debian 12's linux/landlock.h does not name yet. The kernel takes a longer
 * structure than it knows as long as the rest is zero.
 */
struct rights {
	uint64_t files, net, scoped;
};

struct port_rule {
	uint64_t access, port;
};

#define RIGHT_TRUNCATE (UINT64_C(1) << 14)	/* version 3 */
#define RIGHT_DEVICE (UINT64_C(1) << 15)	/* version 5: ioctl on devices */
#define RIGHT_BIND (UINT64_C(1) << 0)		/* version 4 */
#define RIGHT_CONNECT (UINT64_C(1) << 1)	/* version 4 */
#define SCOPE_ABSTRACT (UINT64_C(1) << 0)	/* version 6: abstract UNIX sockets */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)		/* version 6 */

enum {
	RULE_PORT = 2,
	DNS_PORT = 53,
	LEAST_VERSION = 2,	/* version 1 refuses every rename between folders */
	PLACES = 16
};

#define FILE_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
    RIGHT_TRUNCATE)
#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS (READ_RIGHTS | FILE_RIGHTS | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER)

/* What could be read when the lock was made, and which files those were. */
static struct place {
	const char *path;
	dev_t device;
	ino_t inode;	/* 0: there was none */
} places[PLACES];

static enum err
broken(const char *what)
{
	log_write(LOG_ERROR, "sandbox: %s: %s", what, strerror(errno));
	return ERR_BROKEN;
}

/* The kernel's version of landlock, 0 if there is none that helps. */
static int
landlock_version(void)
{
	static bool told;
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	if (version >= LEAST_VERSION)
		return (int)version;
	if (!told)
		log_write(LOG_WARN, "sandbox: this kernel has no landlock, or an "
		    "early one (%ld): files are guarded by their owners only",
		    version);
	told = true;
	return 0;
}

bool
sandbox_ports(void)
{
	return landlock_version() >= 4;
}

/* Everything this version can take away. */
static struct rights
rights_all(int version)
{
	struct rights all = { .files = (UINT64_C(1) << 14) - 1 };

	if (version >= 3)
		all.files |= RIGHT_TRUNCATE;
	if (version >= 4)
		all.net = RIGHT_BIND | RIGHT_CONNECT;
	if (version >= 5)
		all.files |= RIGHT_DEVICE;
	if (version >= 6)
		all.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	return all;
}

/* Give back rights below one path. A file can't have the rights of a folder. */
static enum err
grant_path(int rules, const char *path, uint64_t rights, bool needed)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	struct stat st = { .st_mode = 0 };
	enum err e = OK;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return needed ? broken(path) : OK;
	if (fstat(fd, &st) != 0)
		e = broken(path);
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FILE_RIGHTS;
	rule.parent_fd = fd;
	if (e == OK && syscall(SYS_landlock_add_rule, rules,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		e = broken(path);
	(void)close(fd); /* opened with O_PATH: nothing to lose */
	return e;
}

static enum err
grant_port(int rules, int port)
{
	struct port_rule rule = { RIGHT_CONNECT, (uint64_t)port };

	if (syscall(SYS_landlock_add_rule, rules, RULE_PORT, &rule, 0) != 0)
		return broken("landlock port");
	return OK;
}

static enum err
grant_all(int rules, const struct sandbox *s, const struct rights *all)
{
	enum err e = OK;

	for (const char *const *p = s->writable; p && *p && e == OK; p++)
		e = grant_path(rules, *p, WRITE_RIGHTS & all->files, true);
	for (const char *const *p = s->readable; p && *p && e == OK; p++)
		e = grant_path(rules, *p, READ_RIGHTS, false);
	if (!s->ports[0] || e != OK)
		return e;
	if (!all->net) {
		log_write(LOG_WARN, "sandbox: this kernel's landlock can't limit TCP "
		    "ports (it needs Linux 6.7)");
		return OK;
	}
	e = grant_port(rules, DNS_PORT);
	for (int i = 0; i < SANDBOX_PORTS && s->ports[i] && e == OK; i++)
		e = grant_port(rules, s->ports[i]);
	return e;
}

static enum err
lock_files(const struct sandbox *s, uint64_t scopes)
{
	int version = landlock_version(), rules;
	struct rights all = rights_all(version);
	enum err e;

	if (!version)
		return OK;
	all.scoped &= scopes;
	rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (rules < 0)
		return broken("landlock");
	e = grant_all(rules, s, &all);
	if (e == OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		e = broken("landlock");
	(void)close(rules);
	return e;
}

/* What every lock begins with: nothing to gain by exec, no memory in a core file
 * or open to other processes of the same user. */
static enum err
lock_self(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return broken("no new privileges");
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return broken("no core files");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return broken("not dumpable");
	return OK;
}

static struct place
place_now(const char *path)
{
	struct place p = { .path = path };
	struct stat st;

	if (stat(path, &st) == 0) {
		p.device = st.st_dev;
		p.inode = st.st_ino;
	}
	return p;
}

const char *
sandbox_replaced(void)
{
	for (int i = 0; i < PLACES && places[i].path; i++) {
		const struct place now = place_now(places[i].path);

		if (now.inode && (now.inode != places[i].inode ||
		    now.device != places[i].device))
			return places[i].path;
	}
	return NULL;
}

enum err
sandbox_lock(const struct sandbox *s)
{
	enum err e = lock_self();

	for (int i = 0; s->readable && s->readable[i] && i < PLACES; i++)
		places[i] = place_now(s->readable[i]);

	/* Not SCOPE_SIGNAL: it would also keep the kernel from telling the worker's
	 * helpers that the worker is dead. seccomp leaves it no signals anyway. */
	if (e == OK)
		e = lock_files(s, SCOPE_ABSTRACT);
	if (e == OK && !sandbox_calls_worker(s->ports[0] != 0, s->connect_unix))
		e = ERR_BROKEN;
	return e;
}

enum err
sandbox_lock_pure(void)
{
	const struct sandbox nothing = { .connect_unix = false };
	enum err e = lock_self();

	if (e == OK)
		e = lock_files(&nothing, SCOPE_ABSTRACT | SCOPE_SIGNAL);
	if (e == OK && !sandbox_calls_pure())
		e = ERR_BROKEN;
	return e;
}

enum err
sandbox_lock_forker(void)
{
	const struct sandbox nothing = { .connect_unix = false };
	enum err e = lock_self();

	if (e == OK)
		e = lock_files(&nothing, SCOPE_ABSTRACT | SCOPE_SIGNAL);
	if (e == OK && !sandbox_calls_forker())
		e = ERR_BROKEN;
	return e;
}

/* Cut a text at its first stop; returns what follows, NULL if there is none. */
static char *
cut(char *s, char stop)
{
	char *end = s ? strchr(s, stop) : NULL;

	if (!end)
		return NULL;
	*end = '\0';
	return end + 1;
}

static bool
read_ids(const char *uid, const char *gid, int64_t ids[2])
{
	return text_number(uid, 0, UINT32_MAX - 1, &ids[0]) &&
	    text_number(gid, 0, UINT32_MAX - 1, &ids[1]);
}

/*
 * Look user up in /etc/passwd (passwd(5)) or read "uid:gid". Not getpwnam(3): in a
 * static program it would load shared libraries of another C library.
 */
static bool
find_user(const char *user, int64_t ids[2])
{
	char line[1024], *password, *uid, *gid;
	bool found = false;
	FILE *f;

	(void)snprintf(line, sizeof(line), "%s", user);
	gid = cut(line, ':');
	if (gid)
		return read_ids(line, gid, ids);
	f = fopen("/etc/passwd", "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		password = cut(line, ':');
		uid = cut(password, ':');
		gid = cut(uid, ':');
		found = cut(gid, ':') && text_same(line, user) &&
		    read_ids(uid, gid, ids);
	}
	(void)fclose(f); /* only read */
	return found;
}

/* Become uid and gid for good, and see that there is no way back. */
static enum err
become(uid_t uid, gid_t gid)
{
	uid_t real, effective, saved;

	if (setgroups(1, &gid) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return broken("becoming another user");
	if (getresuid(&real, &effective, &saved) != 0 || real != uid ||
	    effective != uid || saved != uid || setresuid(0, 0, 0) == 0 ||
	    setresgid(0, 0, 0) == 0 || setuid(0) == 0) {
		errno = EPERM;
		return broken("staying another user");
	}
	return OK;
}

/* Give up what capabilities are left (capabilities(7)). */
static enum err
drop_capabilities(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2], left[2];

	memset(none, 0, sizeof(none));
	memset(left, 0xff, sizeof(left));
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* Linux 4.3 */
	if (syscall(SYS_capset, &head, none) != 0 ||
	    syscall(SYS_capget, &head, left) != 0)
		return broken("capabilities");
	if (memcmp(none, left, sizeof(none)) != 0) {
		errno = EPERM;
		return broken("capabilities stay");
	}
	return OK;
}

enum err
sandbox_drop(const char *user)
{
	int death = 0;
	int64_t ids[2];
	enum err e = OK;

	/* A change of user makes the kernel forget the signal of the parent's death. */
	(void)prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
	if (geteuid() == 0) {
		if (!find_user(user, ids) || ids[0] == 0 || ids[1] == 0) {
			log_write(LOG_ERROR, "sandbox: there is no user %s that is "
			    "not root", user);
			return ERR_BROKEN;
		}
		e = become((uid_t)ids[0], (gid_t)ids[1]);
	}
	if (e == OK)
		e = drop_capabilities();
	if (e == OK && death && prctl(PR_SET_PDEATHSIG, death, 0, 0, 0) != 0)
		e = broken("signal of the parent's death");
	if (e == OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		e = broken("no new privileges");
	return e;
}
