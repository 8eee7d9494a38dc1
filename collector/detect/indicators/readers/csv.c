/*
 * Tables (RFC 4180 and its like, separated.h) whose first row names the columns; it may stand
 * in a comment, as abuse.ch writes it: the last comment before the first row. Names known are
 * in `columns` below, whatever their case; others are passed over. Without a column of values
 * every column that is called like a type ("md5_hash", "url") has some. A file called *.csv may
 * lack the names: the first column with an indicator has them all. A row ends with its line.
 */
#include "collector/detect/indicators/reader.h"
#include "collector/detect/indicators/words.h"
#include "common/separated.h"

enum column_role {
	COLUMN_NONE,
	COLUMN_VALUE,
	COLUMN_TYPE,
	COLUMN_PORT,
	COLUMN_CONFIDENCE,
	COLUMN_UNTIL,
	COLUMN_SEEN,
	COLUMN_CLASS,
	COLUMN_LABEL,
	COLUMN_TO_IDS,
	COLUMN_TYPED, /* its name is a type */
};

struct column {
	enum column_role role;
	enum indicator_type type;
};

struct table_of_rows {
	char divider;
	unsigned n;
	struct column columns[SEPARATED_COLUMNS_MAX];
	bool has_value;
};

static const struct {
	struct slice name;
	enum column_role role;
} columns[] = {
	{{SLICE_BYTES("indicator")}, COLUMN_VALUE},
	{{SLICE_BYTES("indicator_value")}, COLUMN_VALUE},
	{{SLICE_BYTES("value")}, COLUMN_VALUE},
	{{SLICE_BYTES("ioc")}, COLUMN_VALUE},
	{{SLICE_BYTES("ioc_value")}, COLUMN_VALUE},
	{{SLICE_BYTES("observable")}, COLUMN_VALUE},
	{{SLICE_BYTES("observable_value")}, COLUMN_VALUE},
	{{SLICE_BYTES("type")}, COLUMN_TYPE},
	{{SLICE_BYTES("indicator_type")}, COLUMN_TYPE},
	{{SLICE_BYTES("ioc_type")}, COLUMN_TYPE},
	{{SLICE_BYTES("observable_type")}, COLUMN_TYPE},
	{{SLICE_BYTES("dst_port")}, COLUMN_PORT},
	{{SLICE_BYTES("port")}, COLUMN_PORT},
	{{SLICE_BYTES("dstport")}, COLUMN_PORT},
	{{SLICE_BYTES("confidence")}, COLUMN_CONFIDENCE},
	{{SLICE_BYTES("confidence_level")}, COLUMN_CONFIDENCE},
	{{SLICE_BYTES("valid_until")}, COLUMN_UNTIL},
	{{SLICE_BYTES("expires")}, COLUMN_UNTIL},
	{{SLICE_BYTES("expiry")}, COLUMN_UNTIL},
	{{SLICE_BYTES("expiration")}, COLUMN_UNTIL},
	{{SLICE_BYTES("expiration_date")}, COLUMN_UNTIL},
	{{SLICE_BYTES("first_seen")}, COLUMN_SEEN},
	{{SLICE_BYTES("first_seen_utc")}, COLUMN_SEEN},
	{{SLICE_BYTES("firstseen")}, COLUMN_SEEN},
	{{SLICE_BYTES("dateadded")}, COLUMN_SEEN},
	{{SLICE_BYTES("date")}, COLUMN_SEEN},
	{{SLICE_BYTES("valid_from")}, COLUMN_SEEN},
	{{SLICE_BYTES("class")}, COLUMN_CLASS},
	{{SLICE_BYTES("category")}, COLUMN_CLASS},
	{{SLICE_BYTES("threat")}, COLUMN_CLASS},
	{{SLICE_BYTES("threat_type")}, COLUMN_CLASS},
	{{SLICE_BYTES("malware")}, COLUMN_LABEL},
	{{SLICE_BYTES("malware_family")}, COLUMN_LABEL},
	{{SLICE_BYTES("malware_printable")}, COLUMN_LABEL},
	{{SLICE_BYTES("signature")}, COLUMN_LABEL},
	{{SLICE_BYTES("family")}, COLUMN_LABEL},
	{{SLICE_BYTES("tags")}, COLUMN_LABEL},
	{{SLICE_BYTES("description")}, COLUMN_LABEL},
	{{SLICE_BYTES("comment")}, COLUMN_LABEL},
	{{SLICE_BYTES("to_ids")}, COLUMN_TO_IDS},
};

/* ---- the first row ----------------------------------------------------------------- */

static struct slice trim(struct slice text)
{
	while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ')
		text.len--;
	while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ')
		text = slice_from(text, 1);
	return text;
}

static struct slice folded(struct slice name, char *room)
{
	size_t len = name.len < SEPARATED_NAME_MAX ? name.len : SEPARATED_NAME_MAX;

	for (size_t i = 0; i < len; i++) {
		char byte = name.ptr[i];

		if (byte >= 'A' && byte <= 'Z')
			byte |= 0x20;
		room[i] = byte == ' ' || byte == '-' ? '_' : byte;
	}
	return slice_of(room, len);
}

static struct column column_of(struct slice name)
{
	char room[SEPARATED_NAME_MAX];
	struct slice known = folded(trim(name), room);
	struct indicator_kind kind;

	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		if (slice_eq(known, columns[i].name))
			return (struct column){columns[i].role, INDICATOR_ANY};
	}
	kind = indicator_kind_by_name(trim(name));
	if (kind.is_known && !kind.compound && kind.first != INDICATOR_TYPES)
		return (struct column){COLUMN_TYPED, kind.first};
	return (struct column){COLUMN_NONE, INDICATOR_ANY};
}

/* A row of names: none of them is an indicator itself, and some column has indicators. */
static bool read_names(struct slice line, struct table_of_rows *table)
{
	struct indicator_key key;
	struct slice rest = line, name;
	bool found = false;

	*table = (struct table_of_rows){.divider = separated_divider(line)};
	while (table->n < SEPARATED_COLUMNS_MAX &&
		separated_take(&rest, table->divider, &name)) {
		struct column column = column_of(name);

		if (indicator_read(INDICATOR_ANY, name, &key) == NULL)
			return false;
		table->has_value |= column.role == COLUMN_VALUE;
		found |= column.role == COLUMN_VALUE || column.role == COLUMN_TYPED;
		table->columns[table->n++] = column;
	}
	return found && table->n >= 1;
}

/* Without names: values are in the first column that has an indicator. */
static bool guess_columns(struct slice line, struct table_of_rows *table)
{
	struct indicator_key key;
	struct slice rest = line, value;

	*table = (struct table_of_rows){.divider = separated_divider(line)};
	while (table->n < SEPARATED_COLUMNS_MAX &&
		separated_take(&rest, table->divider, &value)) {
		bool is_one =
			!table->has_value && indicator_read(INDICATOR_ANY, value, &key) == NULL;

		table->columns[table->n++] =
			(struct column){is_one ? COLUMN_VALUE : COLUMN_NONE, INDICATOR_ANY};
		table->has_value |= is_one;
	}
	return table->has_value && table->n >= 2;
}

static bool is_named(const struct feed *feed)
{
	return slice_ends(feed->path, SLICE_LIT(".csv")) ||
	       slice_ends(feed->path, SLICE_LIT(".tsv"));
}

/* Where rows begin; 0 lines when there are none. */
struct start {
	struct table_of_rows table;
	struct slice rows;
	unsigned line;
	bool found;
};

static struct start find_start(const struct feed *feed)
{
	struct slice text = feed->text;
	struct start start = {.rows = separated_without_mark(text)};
	struct slice rest = start.rows, line, comment = SLICE_NONE;

	for (unsigned number = 1; slice_cut(&rest, '\n', &line); number++) {
		struct slice all = trim(line);

		if (slice_starts(all, SLICE_LIT("#"))) {
			while (all.len > 0 && (all.ptr[0] == '#' || all.ptr[0] == ' '))
				all = slice_from(all, 1);
			if (read_names(all, &start.table) && start.table.n >= 2)
				comment = all;
			continue;
		}
		if (all.len == 0)
			continue;
		start.line = number;
		start.rows = slice_of(line.ptr, (size_t)(text.ptr + text.len - line.ptr));
		if (!slice_absent(comment)) {
			start.found = read_names(comment, &start.table);
		} else if (read_names(all, &start.table)) {
			start.found = start.table.n >= 2;
			start.rows = rest;
			start.line = number + 1;
		} else if (is_named(feed)) {
			start.found = guess_columns(all, &start.table);
		}
		break;
	}
	return start;
}

/* ---- rows --------------------------------------------------------------------------- */

struct row {
	struct slice values[SEPARATED_COLUMNS_MAX];
	unsigned n;
};

/* One row of `rest`. False when it is broken: the rest of its line is passed over. */
static bool take_row(struct slice *rest, char divider, struct row *row)
{
	struct slice start = *rest, line = slice_head(start, slice_find(start, '\n'));
	struct slice values = line, value;
	bool fine = true;

	row->n = 0;
	while (fine && !slice_absent(values)) {
		fine = separated_take(&values, divider, &value);
		if (fine && row->n < SEPARATED_COLUMNS_MAX)
			row->values[row->n++] = value;
	}
	*rest = line.len < start.len ? slice_from(start, line.len + 1) : SLICE_NONE;
	return fine;
}

static bool is_false(struct slice value)
{
	return slice_eq(value, SLICE_LIT("0")) || slice_eq_nocase(value, SLICE_LIT("false"));
}

struct found {
	struct indicator_fact fact;
	struct indicator_kind kind;
	struct slice port;
	bool typed, unused;
};

static void take_fact(struct found *found, enum column_role role, struct slice value)
{
	int confidence;

	switch (role) {
	case COLUMN_TYPE:
		found->kind = indicator_kind_by_name(value);
		found->typed = true;
		break;
	case COLUMN_PORT:
		found->port = value;
		break;
	case COLUMN_CONFIDENCE:
		confidence = indicator_confidence_of(value);
		if (confidence >= 0)
			found->fact.confidence = (uint8_t)confidence;
		break;
	case COLUMN_UNTIL:
		found->fact.until_s = reading_time(value);
		break;
	case COLUMN_SEEN:
		found->fact.seen_s = reading_time(value);
		break;
	case COLUMN_CLASS:
		if (found->fact.attack == CLASS_NONE)
			found->fact.attack = indicator_class_of(value);
		break;
	case COLUMN_LABEL:
		if (slice_absent(found->fact.label))
			found->fact.label = value;
		break;
	case COLUMN_TO_IDS:
		found->unused = is_false(value);
		break;
	case COLUMN_NONE:
	case COLUMN_VALUE:
	case COLUMN_TYPED:
		break;
	}
}

static void add_endpoint(
	struct reading *reading, struct pos at, struct slice value, const struct found *found)
{
	struct strbuf text = STRBUF_INIT(256);
	bool v6 = slice_find(value, ':') < value.len;

	strbuf_addf(&text, v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", SLICE_FMT(value),
		SLICE_FMT(found->port));
	(void)reading_add(reading, at, INDICATOR_ENDPOINT, strbuf_slice(&text), &found->fact);
	strbuf_done(&text);
}

static void add_value(struct reading *reading, struct pos at, enum indicator_type type,
	struct slice value, const struct found *found)
{
	struct netaddr addr;

	if (found->port.len > 0 && netaddr_parse(value, &addr))
		add_endpoint(reading, at, value, found);
	else
		(void)reading_add(reading, at, type, value, &found->fact);
}

/* A value whose row may say its type. */
static void add_typed(
	struct reading *reading, struct pos at, struct slice value, const struct found *found)
{
	struct slice rest = value, first;

	if (!found->typed || !found->kind.is_known) {
		add_value(reading, at, INDICATOR_ANY, value, found);
		return;
	}
	if (!found->kind.compound) {
		if (found->kind.first == INDICATOR_TYPES)
			reading_refuse(reading, at, "nothing looks for its type");
		else
			add_value(reading, at, found->kind.first, value, found);
		return;
	}
	(void)slice_cut(&rest, '|', &first);
	if (found->kind.first != INDICATOR_TYPES)
		add_value(reading, at, INDICATOR_ANY, first, found);
	if (found->kind.second != INDICATOR_TYPES && !slice_absent(rest))
		add_value(reading, at, found->kind.second, rest, found);
}

static void read_row(struct reading *reading, struct pos at, const struct table_of_rows *table,
	const struct row *row)
{
	struct found found = {.fact = reading_fact(reading)};
	unsigned n = row->n < table->n ? row->n : table->n;
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		struct slice value = trim(row->values[i]);

		if (value.len > 0)
			take_fact(&found, table->columns[i].role, value);
	}
	if (found.unused) {
		reading_unused(reading);
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct column *column = &table->columns[i];
		struct slice value = trim(row->values[i]);

		if (value.len == 0 || slice_eq_nocase(value, SLICE_LIT("n/a")))
			continue;
		if (column->role == COLUMN_VALUE) {
			add_typed(reading, at, value, &found);
			any = true;
		} else if (column->role == COLUMN_TYPED && !table->has_value) {
			add_value(reading, at, column->type, value, &found);
			any = true;
		}
	}
	if (!any)
		reading_refuse(reading, at, "a row without an indicator");
}

static void read_csv(struct reading *reading, const struct feed *feed)
{
	struct start start = find_start(feed);
	struct slice rest = start.rows;
	struct pos at = {.line = start.line};
	struct row row;

	for (; !slice_absent(rest); at.line++) {
		struct slice line = trim(slice_head(rest, slice_find(rest, '\n')));
		bool fine = take_row(&rest, start.table.divider, &row);

		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		if (fine)
			read_row(reading, at, &start.table, &row);
		else
			reading_refuse(reading, at, "a quote without an end, or in the middle");
	}
}

static bool is_mine(const struct feed *feed)
{
	return feed->root == NULL && (is_named(feed) || find_start(feed).found);
}

const struct indicator_reader reader_csv = {
	"csv", "tables with named columns", is_mine, read_csv};
