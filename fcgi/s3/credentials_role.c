/* SPDX-License-Identifier: MIT */
/*
 * The three ways to a role's credentials. Sources: "Container credential provider" and
 * "IMDS credential provider" of the AWS SDKs and Tools Reference Guide; "Use the Instance
 * Metadata Service to access instance metadata" of the EC2 User Guide.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "arena.h"
#include "clock.h"
#include "credentials_role.h"
#include "fetch.h"
#include "net.h"
#include "text.h"

enum { ANSWER_MAX = 16 * 1024, STILL_S = 2, HOST = 256, ROLE_MAX = 128 };

static const char container_host[] = "http://169.254.170.2";
static const char host_service[] = "http://169.254.169.254";
/* Where http is allowed besides this host itself. */
static const char container_nets[] = "169.254.170.2 169.254.170.23 fd00:ec2::23";
static const char host_nets[] = "169.254.169.254 fd00:ec2::254";

/* The host and port of an address; false if it is none of http or https. */
static bool
read_url(const char *url, char host[HOST], int *port)
{
	const bool tls = strncmp(url, "https://", 8) == 0;
	const char *p = url + (tls ? 8 : 7), *end;
	char digits[8] = "";
	int64_t number = tls ? 443 : 80;
	size_t n;

	if (!tls && strncmp(url, "http://", 7) != 0)
		return false;
	end = *p == '[' ? strchr(p, ']') : p + strcspn(p, ":/");
	p += *p == '[';
	n = end ? (size_t)(end - p) : 0;
	if (n == 0 || n >= HOST)
		return false;
	memcpy(host, p, n);
	host[n] = '\0';
	end += *end == ']';
	if (*end == ':') {
		n = strcspn(end + 1, "/");
		if (n >= sizeof(digits))
			return false;
		memcpy(digits, end + 1, n);
		if (!text_number(digits, 1, 65535, &number))
			return false;
		end += n + 1;
	}
	*port = (int)number;
	return *end == '/' || !*end;
}

/* http would show the secret on the way, but to the host's own services. */
static bool
url_holds(const char *url, const char *nets, int *port)
{
	char host[HOST];

	return strlen(url) < CREDENTIALS_URL && read_url(url, host, port) &&
	    (strncmp(url, "https:", 6) == 0 || fetch_near(host) ||
	    net_list_has(nets, host));
}

static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static const char *
open_container(struct credentials_role *r, const char *path, const char *url)
{
	r->container = true;
	if (*path)
		(void)snprintf(r->url, sizeof(r->url), "%s%s", container_host, path);
	else
		(void)snprintf(r->url, sizeof(r->url), "%s", url);
	if (strlen(path) + strlen(url) >= CREDENTIALS_URL - sizeof(container_host) ||
	    (*path && *path != '/') || !url_holds(r->url, container_nets, &r->port))
		return "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must be a path, "
		    "AWS_CONTAINER_CREDENTIALS_FULL_URI https or this host's own";
	(void)snprintf(r->token, sizeof(r->token), "%s",
	    variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
	r->token_file = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	return NULL;
}

const char *
credentials_role_open(struct credentials_role *r)
{
	const char *path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	const char *host = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	size_t n;

	*r = (struct credentials_role){ .container = false };
	if (*path || *url)
		return open_container(r, path, *path ? "" : url);
	if (text_same(variable("AWS_EC2_METADATA_DISABLED"), "true"))
		return "S3_ACCESS_KEY is empty, and AWS_EC2_METADATA_DISABLED is true";
	(void)snprintf(r->url, sizeof(r->url), "%s", *host ? host : host_service);
	n = strlen(r->url);
	if (n && r->url[n - 1] == '/')
		r->url[n - 1] = '\0';
	return url_holds(r->url, host_nets, &r->port) ? NULL :
	    "AWS_EC2_METADATA_SERVICE_ENDPOINT must be https or this host's own";
}

/* Ask once. The answer's text, or NULL, and why in words. */
static const char *
ask(struct fetch_client *client, struct arena *a, struct fetch *f,
    char words[CREDENTIALS_WORDS])
{
	f->fd = f->fd_to = -1;
	f->max_words = ANSWER_MAX;
	f->still_s = STILL_S;
	f->to_link = true;
	words[0] = '\0';
	if (fetch_run(client, a, f) != OK)
		(void)snprintf(words, CREDENTIALS_WORDS, "%.200s may not be asked",
		    f->url);
	else if (f->end != FETCH_OK)
		(void)snprintf(words, CREDENTIALS_WORDS, "%.150s: %.120s", f->url,
		    f->why);
	else if (f->status != 200)
		(void)snprintf(words, CREDENTIALS_WORDS, "%.200s answers with status %d",
		    f->url, f->status);
	return *words ? NULL : f->words;
}

/* The token of the file, which is renewed there. */
static const char *
read_token(struct arena *a, const char *path)
{
	char *text = arena_take(a, CREDENTIALS_TOKEN);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, CREDENTIALS_TOKEN - 1);

	if (fd >= 0)
		(void)close(fd); /* was only read */
	return n > 0 && text_utf8(text, (size_t)n) ? text_trim(a, text) : NULL;
}

static const char *
ask_container(const struct credentials_role *r, struct fetch_client *client,
    struct arena *a, char words[CREDENTIALS_WORDS])
{
	struct fetch_pair header = { "authorization", r->token };
	struct fetch f = { .method = "GET", .url = r->url, .headers = &header };

	if (r->token_file)
		header.value = read_token(a, r->token_file);
	if (!header.value) {
		(void)snprintf(words, CREDENTIALS_WORDS, "no token in %.200s",
		    r->token_file);
		return NULL;
	}
	f.n_headers = *header.value != '\0';
	return ask(client, a, &f, words);
}

/* Its name is a path of the next question: letters, digits and + = , . @ - _ (IAM). */
static bool
role_holds(const char *name)
{
	const size_t n = strlen(name);

	return n && n <= ROLE_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@-_") == n && *name != '.';
}

/* Three questions: a token for the other two, the role's name, its credentials. */
static const char *
ask_host(const struct credentials_role *r, struct fetch_client *client, struct arena *a,
    char words[CREDENTIALS_WORDS])
{
	static const struct fetch_pair life = {
		"x-aws-ec2-metadata-token-ttl-seconds", "300" };
	static const char path[] = "/latest/meta-data/iam/security-credentials/";
	struct fetch_pair token = { "x-aws-ec2-metadata-token", NULL };
	struct fetch begin = { .method = "PUT", .headers = &life, .n_headers = 1,
		.body = "", .url = arena_print(a, "%s/latest/api/token", r->url) };
	struct fetch name = { .method = "GET", .headers = &token, .n_headers = 1,
		.url = arena_print(a, "%s%s", r->url, path) };
	struct fetch all = { .method = "GET", .headers = &token, .n_headers = 1 };
	char *role;

	token.value = ask(client, a, &begin, words);
	if (!token.value || !ask(client, a, &name, words))
		return NULL;
	role = text_trim(a, name.words);
	role[strcspn(role, "\r\n")] = '\0';
	if (!role_holds(role)) {
		(void)snprintf(words, CREDENTIALS_WORDS, "this host has no role");
		return NULL;
	}
	all.url = arena_print(a, "%s%s%s", r->url, path, role);
	name.words = ask(client, a, &all, words);
	name.n_words = all.n_words;
	return name.words;
}

enum err
credentials_role_fetch(const struct credentials_role *r, struct fetch_client *client,
    struct arena *a, struct credentials *out, char words[CREDENTIALS_WORDS])
{
	const char *answer = r->container ? ask_container(r, client, a, words) :
	    ask_host(r, client, a, words);

	if (!answer)
		return ERR_DOWN;
	if (credentials_role_read(answer, strlen(answer), out))
		return OK;
	(void)snprintf(words, CREDENTIALS_WORDS, "%.200s has no credentials", r->url);
	return ERR_BROKEN;
}

/* A text of the object that can go into a header. */
static bool
take(const json_t *o, const char *name, char *out, size_t room)
{
	const json_t *value = json_object_get(o, name);
	const char *text = json_is_string(value) ? json_string_value(value) : "";
	const size_t n = strlen(text);

	if (n == 0 || n >= room || n != json_string_length(value))
		return false;
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	memcpy(out, text, n + 1);
	return true;
}

bool
credentials_role_read(const char *p, size_t n, struct credentials *out)
{
	json_t *o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	char until[CLOCK_TEXT];
	bool good;

	good = json_is_object(o) &&
	    take(o, "AccessKeyId", out->access, sizeof(out->access)) &&
	    take(o, "SecretAccessKey", out->secret, sizeof(out->secret)) &&
	    take(o, "Token", out->token, sizeof(out->token)) &&
	    take(o, "Expiration", until, sizeof(until)) &&
	    clock_read(until, &out->until);
	json_decref(o);
	return good;
}
