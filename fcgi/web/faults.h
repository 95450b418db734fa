/* SPDX-License-Identifier: MIT */
#ifndef WEB_FAULTS_H
#define WEB_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/*
 * What is wrong with an input, collected: the list of a 422 reply. Each fault is
 * {"type","loc":["body","personal_info","email"],"msg","input","ctx"?} as the
 * existing client knows it. At most 50 are kept.
 */
struct fault {
	const char *type;	/* "missing", "string_too_long", ... */
	const char *loc;	/* JSON array text: ["body","email"] */
	const char *path;	/* for people: "personal_info.email" */
	const char *msg;	/* "Field required" */
	const char *input;	/* JSON text of the value as sent; NULL is null */
	const char *ctx;	/* JSON object text, or NULL */
};

struct faults {
	struct arena *arena;
	struct fault items[50];
	size_t n;
};

/* faults_add(f, fault): Keep one; its texts must live as long as the request. */
void faults_add(struct faults *f, const struct fault *fault);

/* faults_full(f): No more are kept; whoever collects may as well stop. */
bool faults_full(const struct faults *f);

/* faults_detail(f): "Validation error: personal_info.email: value is not ...", the
 * first three named, in f's arena. */
const char *faults_detail(const struct faults *f);

/* faults_write(f, out): Append the JSON array. */
void faults_write(const struct faults *f, struct buf *out);

#endif
