/* A journal's cursor and the fields of its entries: bytes that programs logged. */
#include <stdlib.h>
#include <yyjson.h>

#include "agent/inputs/journal_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A cursor, then fields, each up to a newline. */
static bool next_part(struct slice *rest, struct slice *part)
{
	return slice_cut(rest, '\n', part);
}

static void check_line(struct slice line, size_t max)
{
	yyjson_doc *doc = yyjson_read(line.ptr, line.len, YYJSON_READ_ALLOW_INVALID_UNICODE);

	if (doc == NULL || line.len > max || slice_find(line, '\n') < line.len)
		abort();
	yyjson_doc_free(doc);
}

static void check_entry(struct slice rest, const struct journal_cursor *cursor, size_t max)
{
	static struct journal_entry entry;
	struct strbuf line = STRBUF_INIT(max);
	struct slice part;

	journal_entry_init(&entry, max);
	while (next_part(&rest, &part))
		journal_entry_add(&entry, part);
	uint64_t whole = journal_entry_write(&entry, cursor, max, &line);
	if (line.overflow || whole < line.len)
		abort();
	check_line(strbuf_slice(&line), max);
	journal_entry_done(&entry);
	strbuf_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size), text;

	if (!next_part(&rest, &text))
		return 0;
	struct journal_cursor cursor = journal_cursor_read(text);
	if (cursor.parts > CURSOR_WHOLE)
		abort();
	check_entry(rest, &cursor, 1024);
	check_entry(rest, &cursor, 1 << 20);
	return 0;
}
