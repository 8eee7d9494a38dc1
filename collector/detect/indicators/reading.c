#include "collector/detect/indicators/reading.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/clock.h"

struct indicator_fact reading_fact(const struct reading *reading)
{
	return reading->standard;
}

void reading_refuse(struct reading *reading, struct pos at, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	mistake_add(reading->mistakes, at, "%s", text);
	reading->counts->refused++;
}

/* By the list's own word, or the time to live behind the day it was seen, or written. */
static uint32_t until_of(const struct reading *reading, const struct indicator_fact *fact)
{
	int64_t from = fact->seen_s != 0 ? (int64_t)fact->seen_s : reading->file_s;

	if (fact->until_s != 0 || reading->ttl_s == 0)
		return fact->until_s;
	return from + reading->ttl_s < UINT32_MAX ? (uint32_t)(from + reading->ttl_s) : 0;
}

static void put(struct reading *reading, struct pos at, const struct indicator_fact *fact)
{
	bool alone = indicator_is_alone(&reading->key, reading->suffixes);

	switch (indicator_table_add(reading->table, &reading->key, fact, alone)) {
	case TABLE_ADDED:
		reading->counts->added++;
		break;
	case TABLE_KNOWN:
		reading->counts->known++;
		break;
	case TABLE_FULL:
		if (reading->counts->full++ == 0)
			mistake_add(reading->mistakes, at,
				"no room for more indicators: the limit of their number or "
				"memory is reached");
		break;
	}
}

bool reading_add(struct reading *reading, struct pos at, enum indicator_type type,
	struct slice text, const struct indicator_fact *fact)
{
	const char *why = indicator_read(type, text, &reading->key);
	struct indicator_fact whole = *fact;

	if (why == NULL)
		why = indicator_useless(&reading->key);
	if (why != NULL) {
		reading_refuse(reading, at, "%s: %s", MISTAKE_TEXT(text), why);
		return false;
	}
	if (reading->confidence_fixed)
		whole.confidence = reading->standard.confidence;
	if (whole.attack == CLASS_NONE && indicator_is_hash(reading->key.type))
		whole.attack = CLASS_MALWARE;
	whole.until_s = until_of(reading, fact);
	if (whole.until_s != 0 && (int64_t)whole.until_s <= reading->now_s)
		reading->counts->expired++;
	else
		put(reading, at, &whole);
	return true;
}

static bool is_digits(struct slice text, uint64_t *number)
{
	return text.len >= 8 && slice_to_u64(text, UINT32_MAX, number);
}

uint32_t reading_time(struct slice text)
{
	struct civil civil = {0};
	size_t used = 0;
	uint64_t number;
	int64_t ns;

	text = slice_trim(text);
	if (is_digits(text, &number))
		return (uint32_t)number;
	if (!clock_parse_iso(text, 0, &ns, &used)) {
		uint64_t year, month, day;

		if (text.len < 10 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
			!slice_to_u64(slice_head(text, 4), 9999, &year) ||
			!slice_to_u64(slice_of(text.ptr + 5, 2), 12, &month) ||
			!slice_to_u64(slice_of(text.ptr + 8, 2), 31, &day))
			return 0;
		civil.year = (int)year;
		civil.month = (unsigned)month;
		civil.day = (unsigned)day;
		if (!clock_from_civil(&civil, &ns))
			return 0;
	}
	ns /= CLOCK_NS_PER_S;
	return ns > 0 && ns < UINT32_MAX ? (uint32_t)ns : 0;
}
