/* SPDX-License-Identifier: MIT */
/*
 * Time: one wall clock in microseconds UTC, its texts, and calendar arithmetic.
 * The calendar is computed here (days from civil, proleptic Gregorian) so that
 * no time zone file or TZ setting of the host can change what is stored.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"

struct civil {
	int year, month, day;
};

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t); /* cannot fail for these two clocks */
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

int64_t
clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_steady(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/* Days since 1970-01-01. Years are counted from March, so that the leap day is
 * the last of its year; 146097 days are 400 years, 719468 days lie between
 * 0000-03-01 and 1970-01-01. */
static int64_t
days_from_civil(struct civil c)
{
	int64_t y = c.month <= 2 ? c.year - 1 : c.year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year = y - era * 400;
	int64_t month = c.month > 2 ? c.month - 3 : c.month + 9;
	int64_t day = (153 * month + 2) / 5 + c.day - 1;

	return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

static struct civil
civil_from_days(int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct civil c;

	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	return c;
}

static int64_t
floor_day(int64_t t)
{
	return (t >= 0 ? t : t - CLOCK_DAY + 1) / CLOCK_DAY;
}

int
clock_date(int64_t t, char out[CLOCK_TEXT])
{
	struct civil c = civil_from_days(floor_day(t));

	return snprintf(out, CLOCK_TEXT, "%04d-%02d-%02d", c.year, c.month, c.day);
}

int
clock_text(int64_t t, char out[CLOCK_TEXT])
{
	int64_t in_day = t - floor_day(t) * CLOCK_DAY;
	int n = clock_date(t, out);

	return n + snprintf(out + n, (size_t)(CLOCK_TEXT - n),
	    "T%02d:%02d:%02d.%06d+00:00", (int)(in_day / CLOCK_HOUR),
	    (int)(in_day / CLOCK_MINUTE % 60), (int)(in_day / CLOCK_SECOND % 60),
	    (int)(in_day % CLOCK_SECOND));
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool
clock_read_date(const char *s, int64_t *day)
{
	static const char form[] = "dddd-dd-dd";
	struct civil c = { 0, 0, 0 };
	int *part = &c.year;

	if (!s || strlen(s) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == '-') {
			if (s[i] != '-')
				return false;
			part = part == &c.year ? &c.month : &c.day;
			continue;
		}
		if (s[i] < '0' || s[i] > '9')
			return false;
		*part = *part * 10 + (s[i] - '0');
	}
	if (c.year < 1 || c.month < 1 || c.month > 12 || c.day < 1 ||
	    c.day > days_in_month(c.year, c.month))
		return false;
	*day = days_from_civil(c) * CLOCK_DAY;
	return true;
}

/* Two digits at *s that make at most max, and pass them; -1 if there are none. */
static int
read_two(const char **s, int max)
{
	const char *p = *s;
	int n;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	n = (p[0] - '0') * 10 + (p[1] - '0');
	*s += 2;
	return n <= max ? n : -1;
}

/* ":05.123" as microseconds; 0 if there are no seconds, -1 if they are wrong. */
static int64_t
read_seconds(const char **s)
{
	int64_t unit = CLOCK_SECOND / 10, t;
	int n;

	if (**s != ':')
		return 0;
	(*s)++;
	n = read_two(s, 59);
	if (n < 0)
		return -1;
	t = n * CLOCK_SECOND;
	if (**s != '.')
		return t;
	for ((*s)++, n = 0; **s >= '0' && **s <= '9' && n < 9; (*s)++, n++, unit /= 10)
		t += (**s - '0') * unit;
	return n ? t : -1;
}

/* "Z", "+02:00" or nothing, to the end of s. */
static bool
read_offset(const char *s, int64_t *offset)
{
	int sign = *s == '-' ? -1 : 1, hours, minutes;

	*offset = 0;
	if (!*s || ((*s == 'Z' || *s == 'z') && !s[1]))
		return true;
	if (!strchr("+- ", *s++))
		return false;
	hours = read_two(&s, 23);
	if (hours < 0 || *s++ != ':')
		return false;
	minutes = read_two(&s, 59);
	*offset = sign * (hours * CLOCK_HOUR + minutes * CLOCK_MINUTE);
	return minutes >= 0 && !*s;
}

bool
clock_read(const char *s, int64_t *t)
{
	char date[11] = "";
	int64_t day, seconds, offset;
	int hours, minutes;

	if (!s || strlen(s) < 10)
		return false;
	memcpy(date, s, 10);
	if (!clock_read_date(date, &day))
		return false;
	s += 10;
	*t = day;
	if (!*s)
		return true;
	if (!strchr("Tt ", *s++))
		return false;
	hours = read_two(&s, 23);
	if (hours < 0 || *s++ != ':')
		return false;
	minutes = read_two(&s, 59);
	seconds = minutes < 0 ? -1 : read_seconds(&s);
	if (seconds < 0 || !read_offset(s, &offset))
		return false;
	*t = day + hours * CLOCK_HOUR + minutes * CLOCK_MINUTE + seconds - offset;
	return true;
}

int
clock_years(int64_t from, int64_t to)
{
	struct civil a = civil_from_days(floor_day(from));
	struct civil b = civil_from_days(floor_day(to));
	bool before = b.month < a.month || (b.month == a.month && b.day < a.day);

	return b.year - a.year - (before ? 1 : 0);
}

int64_t
clock_add_years(int64_t t, int n)
{
	struct civil c = civil_from_days(floor_day(t));

	c.year += n;
	if (c.day > days_in_month(c.year, c.month))
		c.day = days_in_month(c.year, c.month);
	return days_from_civil(c) * CLOCK_DAY + (t - floor_day(t) * CLOCK_DAY);
}

int
clock_http(int64_t t, char out[CLOCK_TEXT])
{
	static const char days[][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int64_t s = (t - (t < 0 ? CLOCK_SECOND - 1 : 0)) / CLOCK_SECOND;
	int64_t day = (s - (s < 0 ? 86399 : 0)) / 86400;
	int64_t rest = s - day * 86400;
	struct civil c = civil_from_days(day);

	return snprintf(out, CLOCK_TEXT, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[(day % 7 + 7) % 7], c.day, months[c.month - 1], c.year,
	    (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

/* The program sets no locale, so names of days and months are the English ones. */
bool
clock_read_http(const char *s, int64_t *t)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %e %H:%M:%S %Y"
	};

	for (size_t i = 0; s && i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { .tm_year = 70 };
		const char *end = strptime(s, forms[i], &tm);

		if (!end || *end || tm.tm_year < 0 || tm.tm_year > 8000)
			continue;
		*t = (days_from_civil((struct civil){ tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday }) * 86400 + tm.tm_hour * 3600 + tm.tm_min * 60 +
		    tm.tm_sec) * CLOCK_SECOND;
		return true;
	}
	return false;
}
