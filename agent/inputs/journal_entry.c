#include "agent/inputs/journal_entry.h"

#include <assert.h>
#include <stdlib.h>

enum {
	BYTES_MAX = 4 << 20, /* of all names and values kept */
	HEAD_MAX = 128,      /* the stamps and the braces */
	AROUND = 6,          /* ,"":"" */
};

void journal_entry_init(struct journal_entry *entry, size_t value_max)
{
	*entry =
		(struct journal_entry){.bytes = STRBUF_INIT(BYTES_MAX), .value_max = value_max};
}

void journal_entry_done(struct journal_entry *entry)
{
	strbuf_done(&entry->bytes);
}

void journal_entry_reset(struct journal_entry *entry)
{
	strbuf_reset(&entry->bytes);
	entry->n_fields = 0;
	entry->size = 0;
	entry->cut = false;
}

/* ---- text in JSON ------------------------------------------------------------ */

/* Behind the backslash; 0: the byte stands for itself; 'u': six bytes. */
static char escape_of(char byte)
{
	switch (byte) {
	case '"':
	case '\\':
		return byte;
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return (unsigned char)byte < 0x20 ? 'u' : 0;
	}
}

static size_t width_of(char byte)
{
	char escape = escape_of(byte);

	return escape == 0 ? 1 : escape == 'u' ? 6 : 2;
}

static size_t escaped_size(struct slice text)
{
	size_t size = 0;

	for (size_t i = 0; i < text.len; i++)
		size += width_of(text.ptr[i]);
	return size;
}

/* The part of `text` that takes at most `room` bytes, not cut inside a character. */
static struct slice fitting(struct slice text, size_t room)
{
	size_t len = 0;

	while (len < text.len && width_of(text.ptr[len]) <= room)
		room -= width_of(text.ptr[len++]);
	if (len == text.len)
		return text;
	for (size_t back = 0; back < 3 && back < len; back++) {
		if (((unsigned char)text.ptr[len - back] & 0xc0) != 0x80)
			return slice_head(text, len - back);
	}
	return slice_head(text, len);
}

static void put_text(struct strbuf *out, struct slice text)
{
	size_t done = 0;

	strbuf_add_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char escape = escape_of(text.ptr[i]);

		if (escape == 0)
			continue;
		strbuf_add(out, slice_of(text.ptr + done, i - done));
		done = i + 1;
		if (escape == 'u') {
			strbuf_addf(out, "\\u%04x", (unsigned)(unsigned char)text.ptr[i]);
		} else {
			strbuf_add_byte(out, '\\');
			strbuf_add_byte(out, escape);
		}
	}
	strbuf_add(out, slice_from(text, done));
	strbuf_add_byte(out, '"');
}

/* ---- fields ------------------------------------------------------------------- */

static struct slice name_of(
	const struct journal_entry *entry, const struct journal_field *field)
{
	return slice_of(entry->bytes.ptr + field->name, field->name_len);
}

static struct slice value_of(
	const struct journal_entry *entry, const struct journal_field *field)
{
	return slice_of(entry->bytes.ptr + field->value, field->value_len);
}

void journal_entry_add(struct journal_entry *entry, struct slice data)
{
	size_t equals = slice_find(data, '=');
	struct slice name = slice_head(data, equals), value, kept;

	if (equals == 0 || equals == data.len || slice_starts(name, SLICE_LIT("__")))
		return;
	value = slice_from(data, equals + 1);
	kept = value.len > entry->value_max ? slice_head(value, entry->value_max) : value;

	size_t size = AROUND + escaped_size(name) + escaped_size(kept);
	entry->size += size + (value.len - kept.len);
	entry->cut = entry->cut || kept.len < value.len;
	if (entry->n_fields == JOURNAL_FIELDS_MAX ||
		entry->bytes.len + name.len + kept.len > BYTES_MAX) {
		entry->cut = true;
		return;
	}
	entry->fields[entry->n_fields] = (struct journal_field){
		.name = entry->bytes.len,
		.name_len = name.len,
		.value = entry->bytes.len + name.len,
		.value_len = kept.len,
		.size = size,
		.order = entry->n_fields,
	};
	entry->n_fields++;
	strbuf_add(&entry->bytes, name);
	strbuf_add(&entry->bytes, kept);
}

bool journal_entry_has(const struct journal_entry *entry, struct slice name)
{
	for (unsigned i = 0; i < entry->n_fields; i++)
		if (slice_eq(name_of(entry, &entry->fields[i]), name))
			return true;
	return false;
}

static int compare_fields(const void *a, const void *b, void *user)
{
	const struct journal_field *left = a, *right = b;
	struct slice x = name_of(user, left), y = name_of(user, right);
	int order = memcmp(x.ptr, y.ptr, x.len < y.len ? x.len : y.len);

	if (order != 0)
		return order;
	if (x.len != y.len)
		return x.len < y.len ? -1 : 1;
	return left->order < right->order ? -1 : 1;
}

/* ---- the line ----------------------------------------------------------------- */

static struct journal_field *message_of(struct journal_entry *entry)
{
	for (unsigned i = 0; i < entry->n_fields; i++)
		if (slice_eq(name_of(entry, &entry->fields[i]), SLICE_LIT("MESSAGE")))
			return &entry->fields[i];
	return NULL;
}

static void keep_fields(struct journal_entry *entry, bool vouched_for,
	const struct journal_field *message, size_t *room)
{
	for (unsigned i = 0; i < entry->n_fields; i++) {
		struct journal_field *field = &entry->fields[i];

		if ((entry->bytes.ptr[field->name] == '_') != vouched_for || field == message)
			continue;
		field->left_out = field->size > *room;
		if (!field->left_out)
			*room -= field->size;
	}
}

/* Chooses what stays, within `room` bytes. Half of it is for MESSAGE if it wants that. */
static void shorten(struct journal_entry *entry, size_t room)
{
	struct journal_field *message = message_of(entry);
	size_t kept_free = 0;

	if (message != NULL)
		kept_free = message->size < room / 2 ? message->size : room / 2;
	room -= kept_free;
	keep_fields(entry, true, message, &room);
	keep_fields(entry, false, message, &room);
	if (message == NULL)
		return;
	room += kept_free;
	size_t around = message->size - escaped_size(value_of(entry, message));
	message->value_len = fitting(value_of(entry, message), room - around).len;
}

/* The fields of one name, from `i` on; gives the first of the next name. */
static unsigned put_fields(const struct journal_entry *entry, unsigned i, struct strbuf *out)
{
	struct slice name = name_of(entry, &entry->fields[i]);
	unsigned n = 0, end = i;

	for (; end < entry->n_fields && slice_eq(name_of(entry, &entry->fields[end]), name);
		end++)
		n += !entry->fields[end].left_out;
	if (n == 0)
		return end;
	strbuf_add_byte(out, ',');
	put_text(out, name);
	strbuf_add_str(out, n > 1 ? ":[" : ":");
	for (unsigned done = 0; i < end; i++) {
		if (entry->fields[i].left_out)
			continue;
		if (done++ > 0)
			strbuf_add_byte(out, ',');
		put_text(out, value_of(entry, &entry->fields[i]));
	}
	if (n > 1)
		strbuf_add_byte(out, ']');
	return end;
}

uint64_t journal_entry_write(struct journal_entry *entry, const struct journal_cursor *cursor,
	size_t max, struct strbuf *out)
{
	size_t start = out->len;
	bool cut = entry->cut || entry->size + HEAD_MAX > max;

	assert(max >= 1024);
	if (cut)
		shorten(entry, max - HEAD_MAX);
	qsort_r(entry->fields, entry->n_fields, sizeof(entry->fields[0]), compare_fields,
		entry);

	strbuf_add_str(out, "{\"__REALTIME_TIMESTAMP\":\"");
	strbuf_add_u64(out, cursor->realtime_us);
	strbuf_add_str(out, "\",\"__MONOTONIC_TIMESTAMP\":\"");
	strbuf_add_u64(out, cursor->monotonic_us);
	strbuf_add_byte(out, '"');
	for (unsigned i = 0; i < entry->n_fields;)
		i = put_fields(entry, i, out);
	strbuf_add_byte(out, '}');

	size_t written = out->len - start;
	if (!cut)
		return written;
	return entry->size + HEAD_MAX > written ? entry->size + HEAD_MAX : written + 1;
}
