/* SPDX-License-Identifier: MIT */
/*
 * Reports for administrators. Each is one statement; its rows leave as JSON, or with
 * ?format=csv as a table for a spreadsheet, written by the same shape.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "csv.h"
#include "fields.h"
#include "front.h"
#include "queries.h"
#include "seal.h"
#include "seen.h"
#include "text.h"

enum { PAGE_MAX = 1000, TREND_DAYS = 14, RECENT_DAYS = 30 };

struct report_form { const char *format; };

static const struct shape_field report_form_fields[] = {
	FIELD(report_form, format, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &format_rule),
};
SHAPE(report_form, "ReportForm", SHAPE_QUERY);

struct report_page { const char *format; const int64_t *skip, *limit; };

static const struct shape_field report_page_fields[] = {
	FIELD(report_page, format, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &format_rule),
	FIELD(report_page, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e9)),
	FIELD(report_page, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, PAGE_MAX),
	    .words = "1000 unless told"),
};
SHAPE(report_page, "ReportPage", SHAPE_QUERY);

/* The reply of a report is JSON, or CSV if that was asked for. */
#define REPORT(type, words) \
	const struct shape type##_shape = { .name = (words), .place = SHAPE_BODY, \
		.fields = type##_fields, .media = "text/csv", \
		.n_fields = sizeof(type##_fields) / sizeof(type##_fields[0]), \
		.size = sizeof(struct type) }

struct report_metrics {
	int64_t farmers_total, operators_total, users_total,
	    farmers_registered_this_month, pending_verification;
};

static const struct shape_field report_metrics_fields[] = {
	FIELD(report_metrics, farmers_total, SHAPE_INT),
	FIELD(report_metrics, operators_total, SHAPE_INT),
	FIELD(report_metrics, users_total, SHAPE_INT),
	FIELD(report_metrics, farmers_registered_this_month, SHAPE_INT,
	    .words = "a calendar month of UTC"),
	FIELD(report_metrics, pending_verification, SHAPE_INT),
};
static SHAPE(report_metrics, "ReportMetrics", SHAPE_BODY);

struct report_summary {
	int64_t timestamp, pending_verification;
	const struct report_metrics *metrics;
};

static const struct shape_field report_summary_fields[] = {
	FIELD(report_summary, timestamp, SHAPE_TIME),
	FIELD(report_summary, metrics, SHAPE_OBJECT, .sub = &report_metrics_shape),
	FIELD(report_summary, pending_verification, SHAPE_INT,
	    .words = "neither approved, verified nor rejected"),
};
REPORT(report_summary, "ReportDashboard");

struct report_region { const char *province, *district; int64_t farmer_count; };

static const struct shape_field report_region_fields[] = {
	FIELD(report_region, province, SHAPE_TEXT),
	FIELD(report_region, district, SHAPE_TEXT),
	FIELD(report_region, farmer_count, SHAPE_INT),
};
static SHAPE(report_region, "ReportRegion", SHAPE_BODY);

struct report_by_region { int64_t generated_at; struct shape_list regions; };

static const struct shape_field report_by_region_fields[] = {
	FIELD(report_by_region, generated_at, SHAPE_TIME),
	FIELD(report_by_region, regions, SHAPE_OBJECTS, .sub = &report_region_shape),
};
REPORT(report_by_region, "ReportByRegion");

struct report_operator {
	const char *operator_id, *operator_name, *email;
	int64_t total_farmers, recent_farmers_30d;
};

static const struct shape_field report_operator_fields[] = {
	FIELD(report_operator, operator_id, SHAPE_TEXT,
	    .words = "an administrator's e-mail where one registered"),
	FIELD(report_operator, operator_name, SHAPE_TEXT),
	FIELD(report_operator, email, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "null when the account is gone"),
	FIELD(report_operator, total_farmers, SHAPE_INT),
	FIELD(report_operator, recent_farmers_30d, SHAPE_INT),
};
static SHAPE(report_operator, "ReportOperator", SHAPE_BODY);

struct report_by_operator { int64_t generated_at; struct shape_list operators; };

static const struct shape_field report_by_operator_fields[] = {
	FIELD(report_by_operator, generated_at, SHAPE_TIME),
	FIELD(report_by_operator, operators, SHAPE_OBJECTS,
	    .sub = &report_operator_shape),
};
REPORT(report_by_operator, "ReportByOperator");

struct report_day { const char *date; int64_t registrations; };

static const struct shape_field report_day_fields[] = {
	FIELD(report_day, date, SHAPE_TEXT),
	FIELD(report_day, registrations, SHAPE_INT),
};
static SHAPE(report_day, "ReportDay", SHAPE_BODY);

struct report_trend { int64_t generated_at; struct shape_list trends; };

static const struct shape_field report_trend_fields[] = {
	FIELD(report_trend, generated_at, SHAPE_TIME),
	FIELD(report_trend, trends, SHAPE_OBJECTS, .sub = &report_day_shape,
	    .words = "the last 14 days of UTC"),
};
REPORT(report_trend, "ReportTrend");

struct report_farmer {
	const char *farmer_id, *full_name, *nrc_number, *phone_primary,
	    *phone_secondary, *gender, *date_of_birth, *province, *district,
	    *constituency, *ward, *village, *crops, *registration_status,
	    *registered_by, *registration_date;
	double total_land_size;
	const int64_t *years_farming;
};

static const struct shape_field report_farmer_fields[] = {
	FIELD(report_farmer, farmer_id, SHAPE_TEXT),
	FIELD(report_farmer, full_name, SHAPE_TEXT),
	FIELD(report_farmer, nrc_number, SHAPE_TEXT),
	FIELD(report_farmer, phone_primary, SHAPE_TEXT),
	FIELD(report_farmer, phone_secondary, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(report_farmer, gender, SHAPE_TEXT),
	FIELD(report_farmer, date_of_birth, SHAPE_TEXT),
	FIELD(report_farmer, province, SHAPE_TEXT),
	FIELD(report_farmer, district, SHAPE_TEXT),
	FIELD(report_farmer, constituency, SHAPE_TEXT, .words = "not recorded: empty"),
	FIELD(report_farmer, ward, SHAPE_TEXT, .words = "not recorded: empty"),
	FIELD(report_farmer, village, SHAPE_TEXT),
	FIELD(report_farmer, total_land_size, SHAPE_REAL, .words = "hectares"),
	FIELD(report_farmer, crops, SHAPE_TEXT),
	FIELD(report_farmer, years_farming, SHAPE_INT, .flags = SHAPE_OPTIONAL),
	FIELD(report_farmer, registration_status, SHAPE_TEXT),
	FIELD(report_farmer, registered_by, SHAPE_TEXT),
	FIELD(report_farmer, registration_date, SHAPE_TEXT),
};
static SHAPE(report_farmer, "ReportFarmer", SHAPE_BODY);

struct report_details { int64_t generated_at, total_farmers; struct shape_list farmers; };

static const struct shape_field report_details_fields[] = {
	FIELD(report_details, generated_at, SHAPE_TIME),
	FIELD(report_details, total_farmers, SHAPE_INT, .words = "on all pages"),
	FIELD(report_details, farmers, SHAPE_OBJECTS, .sub = &report_farmer_shape),
};
REPORT(report_details, "ReportFarmers");

static void
write_cell(struct buf *out, const struct shape_field *f, const void *at)
{
	const void *p = at;

	if (f->kind == SHAPE_TEXT || (f->flags & SHAPE_OPTIONAL))
		memcpy(&p, at, sizeof(p));
	if (f->kind == SHAPE_TEXT)
		csv_text(out, p);
	else if (!p)
		csv_text(out, NULL);
	else if (f->kind == SHAPE_INT)
		csv_int(out, *(const int64_t *)p);
	else
		csv_real(out, *(const double *)p);
}

/* The rows of list as a table; the reports' rows are texts and numbers only. */
static enum err
reply_table(struct req *r, const char *name, const struct shape *shape,
    const struct shape_list *list)
{
	struct buf *out = &r->body;

	*out = buf_make(r->arena, 100 + list->n * 200);
	csv_begin(out);
	for (size_t i = 0; i < shape->n_fields; i++)
		csv_text(out, shape->fields[i].name);
	csv_end(out);
	for (size_t row = 0; row < list->n; row++) {
		const char *at = (const char *)list->items + row * shape->size;

		for (size_t i = 0; i < shape->n_fields; i++)
			write_cell(out, &shape->fields[i],
			    at + shape->fields[i].offset);
		csv_end(out);
	}
	req_header(r, "Content-Disposition", arena_print(r->arena,
	    "attachment; filename=\"%s.csv\"", name));
	return reply_bytes(r, "text/csv; charset=utf-8", out->bytes, out->n);
}

static bool
wants_csv(const struct req *r)
{
	const struct report_form *in = r->in;

	return text_same(in->format, "csv");
}

static enum err
note(struct req *r, const char *action, int64_t skip, size_t n)
{
	return seen_rows(r, &(struct seen){ .module = "reports", .action = action,
	    .how = wants_csv(r) ? "csv" : "json", .skip = skip, .n = n });
}

/* Midnight of the first day of this month. */
static int64_t
month_start(int64_t now)
{
	char text[CLOCK_TEXT];
	int64_t t = now;

	(void)clock_date(now, text); /* always of ten characters */
	memcpy(text + 8, "01", 2);
	return clock_read_date(text, &t) ? t : now;
}

enum err
report_dashboard(struct req *r)
{
	struct report_metrics_row row;
	struct report_metrics metrics;
	enum err e = q_report_metrics(r->db, &(struct report_metrics_in){
	    .since_day = month_start(r->now) / CLOCK_DAY }, &row);

	if (!e)
		e = note(r, "dashboard_summary", 0, 1);
	if (e)
		return e;
	metrics = (struct report_metrics){ .farmers_total = row.total,
		.operators_total = row.n_operators, .users_total = row.n_users,
		.farmers_registered_this_month = row.n_since,
		.pending_verification = row.total - row.decided };
	if (wants_csv(r))
		return reply_table(r, "dashboard", &report_metrics_shape,
		    &(struct shape_list){ &metrics, 1 });
	return reply(r, 200, &(struct report_summary){ .timestamp = r->now,
	    .metrics = &metrics, .pending_verification = metrics.pending_verification });
}

enum err
report_regions(struct req *r)
{
	struct report_by_region out = { .generated_at = r->now };
	struct report_regions_row *rows;
	struct report_region *items;
	size_t n;
	enum err e = q_report_regions(r->db, &rows, &n);

	if (!e)
		e = note(r, "farmers_by_region", 0, n);
	if (e)
		return e;
	items = arena_array(r->arena, struct report_region, n);
	for (size_t i = 0; i < n; i++)
		items[i] = (struct report_region){ rows[i].province_name,
			rows[i].district_name, rows[i].n };
	out.regions = (struct shape_list){ items, n };
	return wants_csv(r) ? reply_table(r, "farmers-by-region", &report_region_shape,
	    &out.regions) : reply(r, 200, &out);
}

enum err
report_operators(struct req *r)
{
	struct report_by_operator out = { .generated_at = r->now };
	struct report_operators_row *rows;
	struct report_operator *items;
	size_t n;
	enum err e = q_report_operators(r->db, &(struct report_operators_in){
	    .since_day = r->now / CLOCK_DAY - RECENT_DAYS }, &rows, &n);

	if (!e)
		e = note(r, "operator_performance", 0, n);
	if (e)
		return e;
	items = arena_array(r->arena, struct report_operator, n);
	for (size_t i = 0; i < n; i++) {
		const char *name = rows[i].full_name;

		if (!name)
			name = rows[i].is_admin && *rows[i].is_admin ? "Admin User" :
			    rows[i].registrar;
		items[i] = (struct report_operator){ .operator_id = rows[i].registrar,
			.operator_name = name, .email = rows[i].email,
			.total_farmers = rows[i].total,
			.recent_farmers_30d = rows[i].n_since };
	}
	out.operators = (struct shape_list){ items, n };
	return wants_csv(r) ? reply_table(r, "operator-performance",
	    &report_operator_shape, &out.operators) : reply(r, 200, &out);
}

enum err
report_trends(struct req *r)
{
	struct report_trend out = { .generated_at = r->now };
	int64_t first = r->now / CLOCK_DAY - TREND_DAYS + 1;
	struct report_days_row *rows;
	struct report_day *items;
	size_t n;
	enum err e = q_report_days(r->db, &(struct report_days_in){
	    .since_day = first }, &rows, &n);

	if (!e)
		e = note(r, "activity_trends", 0, TREND_DAYS);
	if (e)
		return e;
	items = arena_array(r->arena, struct report_day, TREND_DAYS);
	for (int i = 0; i < TREND_DAYS; i++) {
		char *date = arena_take(r->arena, CLOCK_TEXT);

		(void)clock_date((first + i) * CLOCK_DAY, date); /* its length */
		items[i].date = date;
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i].day_number - first < TREND_DAYS)
			items[rows[i].day_number - first].registrations = rows[i].n;
	out.trends = (struct shape_list){ items, TREND_DAYS };
	return wants_csv(r) ? reply_table(r, "activity-trends", &report_day_shape,
	    &out.trends) : reply(r, 200, &out);
}

/* A stored list, U+001F after each item, for people: "maize, groundnuts". */
static const char *
crops_text(struct arena *a, const char *stored)
{
	struct buf out = buf_make(a, stored ? 2 * strlen(stored) + 1 : 1);

	for (const char *p = stored; p && *p; ) {
		size_t n = strcspn(p, "\x1f");

		if (out.n)
			buf_text(&out, ", ");
		buf_add(&out, p, n);
		p += n + (p[n] != '\0');
	}
	return out.n ? out.bytes : "None";
}

/* What is copied outlives the row. */
static enum err
fill_farmer(struct req *r, const struct report_farmers_row *row,
    struct report_farmer *out)
{
	struct arena *a = r->arena;
	char *date = arena_take(a, CLOCK_TEXT);

	(void)clock_date(*row->created_at, date); /* its length */
	*out = (struct report_farmer){ .farmer_id = arena_text(a, row->farmer_id),
		.full_name = arena_print(a, "%s %s", row->first_name, row->last_name),
		.nrc_number = seal_open(a, "farmer.nrc", row->farmer_row_id,
		    row->nrc_sealed),
		.phone_primary = arena_text(a, row->phone_primary),
		.phone_secondary = arena_text(a, row->phone_secondary),
		.gender = arena_text(a, row->gender),
		.date_of_birth = seal_open(a, "farmer.birth", row->farmer_row_id,
		    row->birth_sealed),
		.province = arena_text(a, row->province_name),
		.district = arena_text(a, row->district_name),
		.constituency = "", .ward = "", .village = arena_text(a, row->village),
		.total_land_size = row->farm_size_hectares ?
		    *row->farm_size_hectares : 0,
		.crops = crops_text(a, row->crops_grown),
		.registration_status = arena_text(a, row->registration_status),
		.registered_by = arena_text(a, row->created_by),
		.registration_date = date };
	if (row->years_farming) {
		int64_t *years = arena_take(a, sizeof(*years));

		*years = *row->years_farming;
		out->years_farming = years;
	}
	return out->nrc_number && out->date_of_birth ? OK : ERR_BROKEN;
}

/* A page of whole farmers while it is read. */
struct page {
	struct req *r;
	struct report_farmer *items;
	size_t n;
	int64_t total;
};

static enum err
add_farmer(void *context, const struct report_farmers_row *row)
{
	struct page *p = context;
	enum err e = front_room(p->r, p->n);

	p->total = row->total;
	if (e || !row->farmer_id)
		return e; /* an empty page has one row, of the total */
	return fill_farmer(p->r, row, &p->items[p->n++]);
}

enum err
report_farmers(struct req *r)
{
	const struct report_page *in = r->in;
	const int64_t skip = in->skip ? *in->skip : 0;
	const int64_t limit = in->limit ? *in->limit : PAGE_MAX;
	struct report_details out = { .generated_at = r->now };
	struct page p = { .r = r,
		.items = arena_array(r->arena, struct report_farmer, (size_t)limit) };
	enum err e = q_report_farmers(r->db, &(struct report_farmers_in){
	    .viewer_all = front_viewer(r)->all, .skip = skip, .limit = limit },
	    add_farmer, &p);

	if (!e)
		e = note(r, "farmers_details", skip, p.n);
	if (e)
		return e;
	out.total_farmers = p.total;
	out.farmers = (struct shape_list){ p.items, p.n };
	req_header(r, "X-Total", arena_print(r->arena, "%lld",
	    (long long)out.total_farmers));
	if (wants_csv(r))
		return reply_table(r, "farmers-details", &report_farmer_shape,
		    &out.farmers);
	front_body(r);
	return reply(r, 200, &out);
}
