#include "collector/enrich/ranges.h"

#include <stdlib.h>

#include "common/file.h"
#include "common/mistakes.h"

enum { ROOM_FIRST = 1024 };

static void add(struct ranges *ranges, struct address_span span)
{
	if (ranges->n == ranges->room) {
		ranges->room = ranges->room ? ranges->room * 2 : ROOM_FIRST;
		ranges->spans = realloc(ranges->spans, ranges->room * sizeof(*ranges->spans));
		if (ranges->spans == NULL)
			abort();
	}
	ranges->spans[ranges->n++] = span;
}

static bool add_prefix(struct ranges *ranges, struct slice text, struct err *err)
{
	struct netprefix prefix;

	if (!netprefix_parse(text, &prefix, err))
		return false;
	add(ranges, address_span_of(&prefix, 0));
	return true;
}

/* ---- statistics of the registries ------------------------------------------- */

/* "1.52.0.0" and how many: not always a power of two. */
static bool add_v4(struct ranges *ranges, struct slice start, struct slice value)
{
	struct address_span span = {0};
	uint64_t n;

	if (!netaddr_parse(start, &span.first) || !netaddr_is_v4(&span.first) ||
		!slice_to_u64(value, UINT64_C(1) << 32, &n) || n == 0)
		return false;
	span.last = span.first;
	span.last.low += n - 1;
	if (!netaddr_is_v4(&span.last))
		return false;
	add(ranges, span);
	return true;
}

/* "2001:ee0::" and the length of the prefix. */
static bool add_v6(struct ranges *ranges, struct slice start, struct slice value)
{
	char text[NETPREFIX_TEXT_MAX];
	size_t len = start.len + 1 + value.len;

	if (len > sizeof(text) || value.len == 0)
		return false;
	memcpy(text, start.ptr, start.len);
	text[start.len] = '/';
	memcpy(text + start.len + 1, value.ptr, value.len);
	return add_prefix(ranges, slice_of(text, len), NULL);
}

enum {
	COLUMN_COUNTRY = 1,
	COLUMN_TYPE,
	COLUMN_START,
	COLUMN_VALUE,
	COLUMN_STATUS = 6,
	COLUMNS
};

static bool is_given(struct slice status)
{
	return slice_eq(status, SLICE_LIT("allocated")) ||
	       slice_eq(status, SLICE_LIT("assigned"));
}

static bool add_delegated(struct ranges *ranges, struct slice line)
{
	struct slice columns[COLUMNS];
	unsigned n = 0;

	while (n < COLUMNS && slice_cut(&line, '|', &columns[n]))
		n++;
	if (n < COLUMNS) /* "apnic|*|ipv4|*|54321|summary" */
		return n > 2;
	if (!slice_eq(columns[COLUMN_COUNTRY], SLICE_LIT("VN")) ||
		!is_given(columns[COLUMN_STATUS]))
		return true;
	if (slice_eq(columns[COLUMN_TYPE], SLICE_LIT("ipv4")))
		return add_v4(ranges, columns[COLUMN_START], columns[COLUMN_VALUE]);
	if (slice_eq(columns[COLUMN_TYPE], SLICE_LIT("ipv6")))
		return add_v6(ranges, columns[COLUMN_START], columns[COLUMN_VALUE]);
	return true; /* asn */
}

/* ---- files ------------------------------------------------------------------ */

static bool add_line(struct ranges *ranges, struct slice line, struct err *err)
{
	if (slice_find(line, '|') == line.len)
		return add_prefix(ranges, line, err);
	if (add_delegated(ranges, line))
		return true;
	return err_set(err, "no line of a registry's statistics");
}

static void add_lines(struct ranges *ranges, struct slice text, struct mistakes *mistakes)
{
	struct slice line;

	for (unsigned number = 1; slice_cut(&text, '\n', &line); number++) {
		struct pos at = {.line = number, .column = 1};
		struct err err;

		line = slice_head(line, slice_find(line, '#'));
		if (slice_ends(line, SLICE_LIT("\r")))
			line.len--;
		line = slice_trim(line);
		if (line.len == 0)
			continue;
		if (ranges->n >= RANGES_MAX) {
			mistake_add(mistakes, at, "more than %d ranges", RANGES_MAX);
			return;
		}
		if (!add_line(ranges, line, &err))
			mistake_add(mistakes, at, "%s: %s", MISTAKE_TEXT(line), err.text);
	}
}

bool ranges_parse(
	struct ranges *ranges, const char *name, struct slice text, struct strbuf *mistakes)
{
	struct mistakes found = mistakes_into(mistakes, name);
	size_t before = ranges->n;

	add_lines(ranges, text, &found);
	if (found.n == 0 && ranges->n == before)
		mistake_add(&found, (struct pos){0}, "no range of Viet Nam is in it");
	return mistakes_end(&found);
}

bool ranges_load(struct ranges *ranges, const char *path, struct strbuf *mistakes)
{
	struct strbuf text = STRBUF_INIT(RANGES_FILE_MAX);
	struct err err;
	bool ok = file_read(path, &text, &err);

	if (ok)
		ok = ranges_parse(ranges, path, strbuf_slice(&text), mistakes);
	else
		strbuf_addf(mistakes, "%s\n", err.text);
	strbuf_done(&text);
	return ok;
}

void ranges_done(struct ranges *ranges)
{
	free(ranges->spans);
	*ranges = (struct ranges){0};
}
