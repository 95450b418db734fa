/* SPDX-License-Identifier: MIT */
/*
 * Whether the service answers, and what it is.
 */
#include "conf.h"
#include "fields.h"
#include "front.h"
#include "version.h"

struct health_out {
	const char *status;
};

static const struct shape_field health_out_fields[] = {
	FIELD(health_out, status, SHAPE_TEXT, .words = "always \"ok\""),
};
SHAPE(health_out, "Health", SHAPE_BODY);

struct root_out {
	const char *message, *status, *version, *environment, *docs, *health;
};

static const struct shape_field root_out_fields[] = {
	FIELD(root_out, message, SHAPE_TEXT),
	FIELD(root_out, status, SHAPE_TEXT),
	FIELD(root_out, version, SHAPE_TEXT),
	FIELD(root_out, environment, SHAPE_TEXT),
	FIELD(root_out, docs, SHAPE_TEXT),
	FIELD(root_out, health, SHAPE_TEXT),
};
SHAPE(root_out, "Root", SHAPE_BODY);

enum err
health_show(struct req *r)
{
	return reply(r, 200, &(struct health_out){ .status = "ok" });
}

enum err
health_root(struct req *r)
{
	return reply(r, 200, &(struct root_out){
	    .message = "Zambian Farmer System API", .status = "running",
	    .version = CEM_VERSION, .environment = conf.environment,
	    .docs = "/docs", .health = "/api/health" });
}
