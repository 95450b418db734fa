/* SPDX-License-Identifier: MIT */
/* The places that are inside the program, and every shape of every route. */
#include <string.h>

#include "front.h"
#include "test.h"
#include "text.h"

extern const char data_provinces[], data_provinces_end[];
extern const char data_districts[], data_districts_end[];
extern const char data_chiefdoms[], data_chiefdoms_end[];
extern const char data_ethnic_groups[], data_ethnic_groups_end[];

static int
count(const char *p, const char *end, char c)
{
	int n = 0;

	for (; p < end; p++)
		n += *p == c;
	return n;
}

/* core/place.c splits at commas only. */
static void
test_file(const char *p, const char *end, int rows, int fields)
{
	ok(count(p, end, '"') == 0, "no field is quoted");
	ok(count(p, end, '\n') == rows + 1, "every row is there, and a heading");
	ok(count(p, end, ',') == (rows + 1) * (fields - 1), "every row has all fields");
	ok(text_utf8(p, (size_t)(end - p)), "it is UTF-8");
}

static void
test_shape(const struct shape *shape)
{
	const char *fault = shape_check(shape);

	if (fault)
		printf("%s: %s\n", shape->name, fault);
	ok(!fault, shape->name);
}

int
main(void)
{
	const struct route *routes;
	size_t n;

	test_file(data_provinces, data_provinces_end, 10, 4);
	test_file(data_districts, data_districts_end, 116, 4);
	test_file(data_chiefdoms, data_chiefdoms_end, 204, 7);
	test_file(data_ethnic_groups, data_ethnic_groups_end, 13, 1);
	routes = routes_all(&n);
	for (size_t i = 0; i < n; i++) {
		test_shape(routes[i].takes);
		test_shape(routes[i].gives);
		ok(routes[i].who >= ANYBODY && routes[i].who <= ADMIN, routes[i].path);
	}
	return test_end();
}
