#include "collector/derive/samples.h"

#include <xxhash.h>

#include "common/utf8.h"

enum {
	STEP_MOST = 4096,  /* of a step; what has no room is not looked at */
	SHAPE_BYTES = 512, /* of a line that are its shape */
	HOURS_OF_WEEK = 168,
};

/* Compared as bytes: no holes. */
struct line_key {
	uint64_t shape;
	uint32_t source;
	uint32_t zero;
};

struct line_value {
	uint64_t times;
	int64_t first_ns, last_ns;
	uint32_t at, len; /* in the text */
	uint8_t status;
};

struct fields_key {
	int64_t week;
	uint32_t source;
	uint32_t parser;
};

struct fields_value {
	char bits[FIELD_BITS_SIZE];
};

/* ---- shapes ------------------------------------------------------------------- */

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Bytes of other scripts are letters. */
static bool is_of_word(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (unsigned char)byte >= 0x80;
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* A word without digits as it is, any other as "0". */
static size_t put_word(struct slice word, char *out)
{
	for (size_t i = 0; i < word.len; i++) {
		if (is_digit(word.ptr[i])) {
			*out = '0';
			return 1;
		}
		out[i] = lower(word.ptr[i]);
	}
	return word.len;
}

uint64_t samples_shape(struct slice line)
{
	char shape[SHAPE_BYTES];
	size_t n = 0;

	line = slice_head(line, line.len < SHAPE_BYTES ? line.len : SHAPE_BYTES);
	for (size_t i = 0; i < line.len;) {
		const size_t from = i;

		while (i < line.len && is_of_word(line.ptr[i]))
			i++;
		if (i > from)
			n += put_word(slice_of(line.ptr + from, i - from), shape + n);
		else
			shape[n++] = line.ptr[i++];
	}
	const uint64_t hash = XXH3_64bits(shape, n) >> 1; /* as SQLite has it: not negative */
	return hash != 0 ? hash : 1;
}

/* ---- looking ------------------------------------------------------------------ */

static void keep_line(
	struct samples *samples, const struct line_key *key, const struct record *record)
{
	bool is_new;
	struct line_value *value = table_put(&samples->lines, key, &is_new);

	if (value == NULL)
		return;
	if (is_new) {
		const struct slice line = utf8_head(record->raw, SAMPLE_LINE_MAX);

		*value = (struct line_value){
			.first_ns = record->received_ns,
			.at = (uint32_t)samples->text.len,
			.len = (uint32_t)line.len,
			.status = record->status,
		};
		strbuf_add(&samples->text, line);
	}
	value->times++;
	value->last_ns = record->received_ns;
}

static void keep_fields(
	struct samples *samples, const struct fields_key *key, const struct record *record)
{
	struct fields_value *value = table_put(&samples->fields, key, NULL);

	for (unsigned i = 0; value != NULL && i < record->n_fields; i++) {
		const unsigned id = record->fields[i].id;

		if (id < FIELD_ID_MAX)
			value->bits[id / 8] = (char)(value->bits[id / 8] | 1 << id % 8);
	}
}

void samples_look(struct samples *samples, uint32_t source, int64_t local_hour,
	const struct record *record)
{
	const struct fields_key fields = {
		.week = local_hour / HOURS_OF_WEEK, .source = source, .parser = record->parser};

	if (record->status != PARSE_OK) {
		const struct line_key line = {
			.shape = samples_shape(record->raw), .source = source};

		keep_line(samples, &line, record);
	}
	if (record->parser != 0)
		keep_fields(samples, &fields, record);
}

/* ---- rows --------------------------------------------------------------------- */

static bool flush_line(struct samples *samples, const struct line_key *key,
	const struct line_value *value, struct err *err)
{
	struct database *database = samples->database;
	const struct slice line = slice_of(samples->text.ptr + value->at, value->len);

	if (!database_run(database, err, STATEMENT_SAMPLE_AGAIN, "iiii", (int64_t)key->source,
		    (int64_t)key->shape, (int64_t)value->times, value->last_ns))
		return false;
	if (database_changes(database) > 0)
		return true;
	return database_run(database, err, STATEMENT_SAMPLE_MAKE_ROOM, "ii",
		       (int64_t)key->source, (int64_t)SAMPLES_OF_SOURCE) &&
	       database_run(database, err, STATEMENT_SAMPLE_ADD, "iiiiiit",
		       (int64_t)key->source, (int64_t)key->shape, (int64_t)value->status,
		       (int64_t)value->times, value->first_ns, value->last_ns, line);
}

/* With what came before; true also when there was nothing. */
static bool join_fields(struct samples *samples, const struct fields_key *key,
	struct fields_value *value, bool *is_old, struct err *err)
{
	sqlite3_stmt *row = database_select(samples->database, err, STATEMENT_SOURCE_FIELDS_GET,
		"iii", (int64_t)key->source, (int64_t)key->parser, key->week);
	bool failed, more = false;

	*is_old = false;
	if (row == NULL)
		return false;
	if (database_row(samples->database, row, &failed, err)) {
		const struct slice before = database_text(row, 0);

		for (unsigned i = 0; i < FIELD_BITS_SIZE; i++) {
			const char old = i < before.len ? before.ptr[i] : 0;

			more |= (value->bits[i] & ~old) != 0;
			value->bits[i] = (char)(value->bits[i] | old);
		}
		*is_old = !more;
	}
	database_end(row);
	return !failed;
}

static bool flush_fields(struct samples *samples, const struct fields_key *key,
	struct fields_value *value, struct err *err)
{
	bool is_old;

	if (!join_fields(samples, key, value, &is_old, err))
		return false;
	return is_old || database_run(samples->database, err, STATEMENT_SOURCE_FIELDS_SET,
				 "iiib", (int64_t)key->source, (int64_t)key->parser, key->week,
				 slice_of(value->bits, sizeof(value->bits)));
}

bool samples_flush(struct samples *samples, struct err *err)
{
	for (size_t i = 0; i < samples->lines.n; i++) {
		if (!flush_line(samples, table_key(&samples->lines, i),
			    table_value(&samples->lines, i), err))
			return false;
	}
	for (size_t i = 0; i < samples->fields.n; i++) {
		if (!flush_fields(samples, table_key(&samples->fields, i),
			    table_value(&samples->fields, i), err))
			return false;
	}
	table_clear(&samples->lines);
	table_clear(&samples->fields);
	strbuf_reset(&samples->text);
	return true;
}

/* ---- life --------------------------------------------------------------------- */

void samples_init(struct samples *samples, struct database *database)
{
	*samples = (struct samples){.database = database};
	table_init(
		&samples->lines, sizeof(struct line_key), sizeof(struct line_value), STEP_MOST);
	table_init(&samples->fields, sizeof(struct fields_key), sizeof(struct fields_value),
		STEP_MOST);
	strbuf_init(&samples->text, STEP_MOST * SAMPLE_LINE_MAX);
}

void samples_done(struct samples *samples)
{
	table_done(&samples->lines);
	table_done(&samples->fields);
	strbuf_done(&samples->text);
}
