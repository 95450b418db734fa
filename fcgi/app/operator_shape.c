/* SPDX-License-Identifier: MIT */
/*
 * The operator's shapes: what a new one is made of, what a change may say, and what
 * is shown. Numbers are always numbers: the client calls methods on them.
 */
#include "fields.h"
#include "front.h"
#include "operator.h"
#include "password.h"

enum { PLACES_MAX = 200, PHONE_MAX = 40, NAME_POINTS = 200 };

static const struct shape_field operator_form_fields[] = {
	FIELD(operator_form, email, SHAPE_TEXT, .flags = SHAPE_REQUIRED, LIMIT(0, 400),
	    .rule = &mail_rule),
	FIELD(operator_form, full_name, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(1, NAME_POINTS), .rule = &plain_rule),
	FIELD(operator_form, phone, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, PHONE_MAX), .rule = &plain_rule),
	FIELD(operator_form, password, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(PASSWORD_MIN, PASSWORD_MAX)),
	FIELD(operator_form, assigned_regions, SHAPE_TEXTS, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, PLACES_MAX), .rule = &name_rule),
	FIELD(operator_form, assigned_districts, SHAPE_TEXTS, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, PLACES_MAX), .rule = &name_rule, .words = "names of districts"),
};
SHAPE(operator_form, "OperatorForm", SHAPE_BODY);

static const struct shape_field operator_change_fields[] = {
	FIELD(operator_change, email, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 400),
	    .rule = &mail_rule),
	FIELD(operator_change, full_name, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, NAME_POINTS), .rule = &plain_rule),
	FIELD(operator_change, phone, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, PHONE_MAX), .rule = &plain_rule, .words = "empty: take it away"),
	FIELD(operator_change, password, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    LIMIT(PASSWORD_MIN, PASSWORD_MAX)),
	FIELD(operator_change, assigned_regions, SHAPE_TEXTS, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, PLACES_MAX), .rule = &name_rule, .words = "empty: none any more"),
	FIELD(operator_change, assigned_districts, SHAPE_TEXTS, .flags = SHAPE_OPTIONAL,
	    LIMIT(0, PLACES_MAX), .rule = &name_rule, .words = "empty: none any more"),
	FIELD(operator_change, is_active, SHAPE_BOOL, .flags = SHAPE_OPTIONAL),
};
SHAPE(operator_change, "OperatorChange", SHAPE_BODY);

static const struct shape_field operator_status_fields[] = {
	FIELD(operator_status, is_active, SHAPE_BOOL, .flags = SHAPE_REQUIRED),
};
SHAPE(operator_status, "OperatorStatus", SHAPE_BODY);

static const struct shape_field operator_find_fields[] = {
	FIELD(operator_find, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e9)),
	FIELD(operator_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, OPERATOR_LIMIT), .words = "50 unless told"),
	FIELD(operator_find, region, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 100),
	    .words = "one of assigned_regions, exactly"),
	FIELD(operator_find, is_active, SHAPE_BOOL, .flags = SHAPE_OPTIONAL),
};
SHAPE(operator_find, "OperatorFind", SHAPE_QUERY);

static const struct shape_field operator_out_fields[] = {
	NAMED("_id", operator_out, user_id, SHAPE_TEXT, .words = "the same as user_id"),
	FIELD(operator_out, operator_id, SHAPE_TEXT),
	FIELD(operator_out, user_id, SHAPE_TEXT),
	FIELD(operator_out, email, SHAPE_TEXT),
	FIELD(operator_out, full_name, SHAPE_TEXT),
	FIELD(operator_out, phone, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(operator_out, assigned_regions, SHAPE_TEXTS),
	FIELD(operator_out, assigned_district, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "the first of assigned_districts"),
	FIELD(operator_out, assigned_districts, SHAPE_TEXTS),
	FIELD(operator_out, is_active, SHAPE_BOOL),
	FIELD(operator_out, created_at, SHAPE_TIME),
	FIELD(operator_out, updated_at, SHAPE_TIME),
	FIELD(operator_out, farmer_count, SHAPE_INT,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN),
	FIELD(operator_out, recent_registrations_30d, SHAPE_INT,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN),
	FIELD(operator_out, total_land_hectares, SHAPE_REAL,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN),
	FIELD(operator_out, avg_land_hectares, SHAPE_REAL,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN),
};
SHAPE(operator_out, "Operator", SHAPE_BODY);

static const struct shape_field operator_made_fields[] = {
	FIELD(operator_made, message, SHAPE_TEXT),
	FIELD(operator_made, operator, SHAPE_OBJECT, .sub = &operator_out_shape),
};
SHAPE(operator_made, "OperatorMade", SHAPE_BODY);

static const struct shape_field operator_items_fields[] = {
	FIELD(operator_items, count, SHAPE_INT, .words = "of operators here"),
	FIELD(operator_items, total, SHAPE_INT, .words = "of operators in all"),
	FIELD(operator_items, results, SHAPE_OBJECTS, .sub = &operator_out_shape),
};
SHAPE(operator_items, "Operators", SHAPE_BODY);

static const struct shape_field operator_self_fields[] = {
	FIELD(operator_out, operator_id, SHAPE_TEXT),
	NAMED("name", operator_out, full_name, SHAPE_TEXT),
	FIELD(operator_out, assigned_district, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(operator_out, assigned_districts, SHAPE_TEXTS),
	FIELD(operator_out, phone, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(operator_out, email, SHAPE_TEXT),
};
const struct shape operator_self_shape = { .name = "OperatorSelf",
	.fields = operator_self_fields, .n_fields = 6,
	.size = sizeof(struct operator_out) };

static const struct shape_field operator_stats_fields[] = {
	FIELD(operator_out, operator_id, SHAPE_TEXT),
	NAMED("operator_name", operator_out, full_name, SHAPE_TEXT),
	FIELD(operator_out, farmer_count, SHAPE_INT, .flags = SHAPE_OPTIONAL),
	FIELD(operator_out, recent_registrations_30d, SHAPE_INT,
	    .flags = SHAPE_OPTIONAL),
	FIELD(operator_out, total_land_hectares, SHAPE_REAL, .flags = SHAPE_OPTIONAL),
	FIELD(operator_out, avg_land_hectares, SHAPE_REAL, .flags = SHAPE_OPTIONAL),
};
const struct shape operator_stats_shape = { .name = "OperatorStats",
	.fields = operator_stats_fields, .n_fields = 6,
	.size = sizeof(struct operator_out) };

static const struct shape_field operator_done_fields[] = {
	FIELD(operator_done, message, SHAPE_TEXT),
	FIELD(operator_done, operator_id, SHAPE_TEXT),
};
SHAPE(operator_done, "OperatorDone", SHAPE_BODY);

static const struct shape_field facts_fields[] = {
	FIELD(operator_out, email, SHAPE_TEXT),
	FIELD(operator_out, full_name, SHAPE_TEXT),
	FIELD(operator_out, is_active, SHAPE_BOOL),
	FIELD(operator_out, assigned_regions, SHAPE_TEXTS),
	FIELD(operator_out, assigned_districts, SHAPE_TEXTS),
};
const struct shape operator_facts_shape = { .name = "OperatorFacts",
	.fields = facts_fields, .n_fields = 5, .size = sizeof(struct operator_out) };
