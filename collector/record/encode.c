/* The layout of a body is in collector/README.md, "A record's body". */
#include "collector/record/encode.h"

#include <assert.h>

#include "common/clock.h"
#include "common/varint.h"

enum body_flag { /* which optional parts the body has */
	BODY_READ = 1,
	BODY_OFFSET = 2,
	BODY_WHOLE = 4,
	BODY_MATCHES = 8,
	BODY_KNOWN = 15,
};

enum {
	HEAD_SIZE_MAX = 1 + 6 * VARINT_SIZE_MAX, /* flags and all single numbers */
	FIELD_HEAD_MAX = 3 * VARINT_SIZE_MAX,
	MATCH_HEAD_MAX = 2 * VARINT_SIZE_MAX,
};

static size_t size_max(const struct record *record)
{
	size_t size = HEAD_SIZE_MAX + record->raw.len;

	for (unsigned i = 0; i < record->n_fields; i++) {
		size += FIELD_HEAD_MAX;
		if (!slice_is_within(field_value(&record->fields[i]), record->raw))
			size += record->fields[i].len;
	}
	for (unsigned i = 0; i < record->n_matches; i++)
		size += MATCH_HEAD_MAX + record->matches[i].group.len;
	return size;
}

static unsigned body_flags(const struct record *record)
{
	return (record->read_ns != CLOCK_NONE ? BODY_READ : 0u) |
	       (record->offset != 0 ? BODY_OFFSET : 0u) |
	       (record->whole != record->raw.len ? BODY_WHOLE : 0u) |
	       (record->n_matches > 0 ? BODY_MATCHES : 0u);
}

static char *put_bytes(char *to, const char *bytes, size_t len)
{
	if (len > 0)
		memcpy(to, bytes, len);
	return to + len;
}

static char *put_field(char *to, struct slice raw, const struct field *field)
{
	bool inside = slice_is_within(field_value(field), raw);

	to = varint_put(to, (uint64_t)field->id << 1 | inside);
	if (inside)
		to = varint_put(to, (uint64_t)(field->ptr - raw.ptr));
	to = varint_put(to, field->len);
	return inside ? to : put_bytes(to, field->ptr, field->len);
}

static char *put_matches(char *to, const struct record *record)
{
	to = varint_put(to, record->n_matches);
	for (unsigned i = 0; i < record->n_matches; i++) {
		const struct match *match = &record->matches[i];

		to = varint_put(to, match->rule);
		to = varint_put(to, match->group.len);
		to = put_bytes(to, match->group.ptr, match->group.len);
	}
	return to;
}

static char *put_body(char *to, const struct record *record)
{
	unsigned flags = body_flags(record);

	*to++ = (char)flags;
	to = varint_put(to, record->raw.len);
	to = put_bytes(to, record->raw.ptr, record->raw.len);
	if (flags & BODY_READ)
		to = varint_put(to, varint_fold((int64_t)((uint64_t)record->received_ns -
							  (uint64_t)record->read_ns)));
	if (flags & BODY_OFFSET)
		to = varint_put(to, record->offset);
	if (flags & BODY_WHOLE)
		to = varint_put(to, record->whole);
	to = varint_put(to, record->n_fields);
	for (unsigned i = 0; i < record->n_fields; i++)
		to = put_field(to, record->raw, &record->fields[i]);
	if (flags & BODY_MATCHES)
		to = put_matches(to, record);
	return to;
}

void encode_record(struct strbuf *out, const struct record *record)
{
	char *to = strbuf_reserve(out, size_max(record));

	if (to != NULL)
		strbuf_extend(out, (size_t)(put_body(to, record) - to));
}

static uint32_t source_number(const struct batch *batch, const struct record_source *source)
{
	if (source == NULL)
		return COLUMNS_NO_SOURCE;
	assert(source >= batch->sources && source < batch->sources + batch->n_sources);
	return (uint32_t)(source - batch->sources);
}

static void fill_columns(struct columns *columns, const struct batch *batch,
	const struct record *record, size_t body_at)
{
	*columns = (struct columns){
		.created_ns = record->created_ns,
		.received_ns = record->received_ns,
		.sequence = record->sequence,
		.agency = record->agency,
		.host = record->host,
		.body_at = (uint32_t)body_at,
		.body_size = (uint32_t)(batch->encoded.len - body_at),
		.system = record->system,
		.parser = record->parser,
		.flags = record->flags,
		.level = record->level,
		.kind = record->kind,
		.status = record->status,
		.attack = record->attack,
		.severity = record->severity,
		.strength = record->strength,
		.n_matches = (uint8_t)record->n_matches,
		.repeats = record->repeats,
		.skew_ms = batch->skew_ms,
		.source = source_number(batch, record->source),
	};
}

bool encode_batch(struct batch *batch)
{
	if (batch->columns == NULL)
		batch->columns =
			arena_alloc(&batch->arena, batch->n_records * sizeof(*batch->columns));
	if (batch->columns == NULL)
		return false;
	strbuf_reset(&batch->encoded);
	for (unsigned i = 0; i < batch->n_records; i++) {
		size_t body_at = batch->encoded.len;

		encode_record(&batch->encoded, &batch->records[i]);
		fill_columns(&batch->columns[i], batch, &batch->records[i], body_at);
	}
	return !batch->encoded.overflow;
}

static struct record record_from(const struct columns *columns)
{
	if (columns == NULL)
		return (struct record){.received_ns = CLOCK_NONE, .created_ns = CLOCK_NONE};
	return (struct record){
		.received_ns = columns->received_ns,
		.created_ns = columns->created_ns,
		.sequence = columns->sequence,
		.agency = columns->agency,
		.host = columns->host,
		.system = columns->system,
		.level = columns->level,
		.kind = columns->kind,
		.status = columns->status,
		.attack = columns->attack,
		.severity = columns->severity,
		.strength = columns->strength,
		.parser = columns->parser,
		.flags = columns->flags,
		.repeats = columns->repeats,
		.skew_known = columns->skew_ms != UINT32_MAX,
		.skew_ms = columns->skew_ms,
	};
}

/* Returns the body's flags. */
static uint64_t read_head(
	struct varint_reader *body, const struct columns *columns, struct record *record)
{
	uint64_t flags = varint_read_max(body, BODY_KNOWN);

	record->raw = varint_read_bytes(body, varint_read(body));
	record->read_ns = CLOCK_NONE;
	if (flags & BODY_READ) {
		uint64_t before = (uint64_t)varint_unfold(varint_read(body));

		if (columns != NULL)
			record->read_ns = (int64_t)((uint64_t)columns->received_ns - before);
	}
	record->offset = flags & BODY_OFFSET ? varint_read(body) : 0;
	record->whole = flags & BODY_WHOLE ? varint_read(body) : record->raw.len;
	return flags;
}

static void read_field(struct varint_reader *body, struct slice raw, struct field *field)
{
	uint64_t head = varint_read_max(body, UINT16_MAX << 1 | 1);
	uint64_t at = head & 1 ? varint_read_max(body, raw.len) : 0;
	uint64_t len = head & 1 ? varint_read_max(body, raw.len - at)
				: varint_read_max(body, UINT32_MAX);
	struct slice value =
		head & 1 ? slice_of(raw.ptr + at, len) : varint_read_bytes(body, len);

	*field = (struct field){
		.ptr = value.ptr,
		.len = (uint32_t)value.len,
		.id = (uint16_t)(head >> 1),
	};
	body->bad |= field->id == FIELD_NONE;
}

static bool read_fields(struct varint_reader *body, struct arena *arena, struct record *record)
{
	uint64_t n = varint_read_max(body, RECORD_FIELDS_MAX);

	if (n == 0)
		return !body->bad;
	record->fields = arena_alloc(arena, n * sizeof(*record->fields));
	if (record->fields == NULL)
		return false;
	for (uint64_t i = 0; i < n && !body->bad; i++)
		read_field(body, record->raw, &record->fields[i]);
	record->n_fields = record->fields_room = (uint16_t)n;
	return !body->bad;
}

static bool read_matches(struct varint_reader *body, struct arena *arena, struct record *record)
{
	uint64_t n = varint_read_max(body, RECORD_MATCHES_MAX);

	record->matches = arena_alloc(arena, RECORD_MATCHES_MAX * sizeof(*record->matches));
	if (record->matches == NULL)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		record->matches[i].rule = (uint32_t)varint_read_max(body, UINT32_MAX);
		record->matches[i].group = varint_read_bytes(body, varint_read(body));
	}
	record->n_matches = (uint16_t)n;
	return !body->bad && n > 0;
}

bool decode_record(struct slice bytes, const struct columns *columns, struct arena *arena,
	struct record *out)
{
	struct varint_reader body = varint_reader(bytes);
	struct record record = record_from(columns);

	uint64_t flags = read_head(&body, columns, &record);
	if (!read_fields(&body, arena, &record))
		return false;
	if ((flags & BODY_MATCHES) && !read_matches(&body, arena, &record))
		return false;
	if (!varint_reader_done(&body))
		return false;
	*out = record;
	return true;
}
