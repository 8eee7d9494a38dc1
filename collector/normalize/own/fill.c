#include "collector/normalize/own/fill.h"

#include "collector/normalize/families/access_log.h"
#include "collector/normalize/own/meanings.h"
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/stamp.h"
#include "common/netaddr.h"

enum { MAC_DIGITS = 12, MAC_TEXT = 17 };

struct filling {
	const struct own_fill *fill;
	struct record *record;
	struct parse_context *context;
	struct own_moment moment;
	int64_t named_ns; /* a time by name, CLOCK_NONE = none */
	bool has_moment;
};

int own_compare(struct slice a, struct slice b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static struct slice built(struct filling *filling, const char *bytes, size_t len)
{
	struct slice text = arena_copy(filling->context->arena, slice_of(bytes, len));

	if (slice_absent(text))
		filling->context->full = true;
	return text;
}

/* ---- one value into one field ------------------------------------------------- */

static void fill_text(
	struct filling *filling, const struct own_target *target, struct slice value)
{
	if (value.len == 0 || slice_eq(value, SLICE_LIT("-")))
		return;
	if (target->field == FIELD_OTHER)
		put_other(filling->record, filling->context, FIELD_OTHER, target->name, value);
	else if (own_field_is_list(target->field))
		put(filling->record, filling->context, (enum field_id)target->field, value);
	else
		put_over(
			filling->record, filling->context, (enum field_id)target->field, value);
}

static void fill_address(
	struct filling *filling, const struct own_target *target, struct slice value)
{
	enum field_id other = own_address_field(target->field);
	struct netaddr addr;

	take_out(filling->record, (enum field_id)target->field);
	if (other != FIELD_NONE || netaddr_parse(value, &addr))
		put_address(filling->record, filling->context, (enum field_id)target->field,
			other, value);
}

/* A whole number without needless digits; anything else is left out. */
static void fill_number(
	struct filling *filling, const struct own_target *target, struct slice value)
{
	bool negative = skip_byte(&value, '-');

	if (!negative)
		(void)skip_byte(&value, '+');
	if (!all_digits(value) || value.len > 19)
		return;
	while (value.len > 1 && value.ptr[0] == '0')
		value = slice_from(value, 1);
	if (negative && value.ptr[0] != '0')
		value = slice_of(value.ptr - 1, value.len + 1);
	if (!negative || value.ptr[0] == '-' || value.ptr[0] == '0')
		fill_text(filling, target, value);
}

static struct slice mac_text(struct filling *filling, struct slice value)
{
	char text[MAC_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < value.len && n < MAC_TEXT; i++) {
		char byte = value.ptr[i];

		if (byte == ':' || byte == '-' || byte == '.')
			continue;
		text[n++] = byte >= 'a' && byte <= 'f' ? (char)(byte - 'a' + 'A') : byte;
		if (n % 3 == 2 && n < MAC_TEXT)
			text[n++] = '-';
	}
	return built(filling, text, n);
}

static void fill_moment_text(
	struct filling *filling, const struct own_target *target, int64_t ns)
{
	char text[CLOCK_TEXT_MAX];

	clock_format_utc(ns, 9, text);
	fill_text(filling, target, built(filling, text, strlen(text)));
}

/* A value that a name stood for, or a table gave: its type is only known now. */
static void fill_named(
	struct filling *filling, const struct own_target *target, struct slice value)
{
	struct slice rest = value;
	int64_t ns;

	if (target->field == OWN_TIMESTAMP || field_type(target->field) == FIELD_DATE) {
		bool known = stamp_from_epoch(value, &ns) ||
			     take_stamp_any(&rest, filling->context, &ns);

		if (known && target->field == OWN_TIMESTAMP)
			filling->named_ns = ns;
		else if (known)
			fill_moment_text(filling, target, ns);
		return;
	}
	switch (field_type(target->field)) {
	case FIELD_IP:
		fill_address(filling, target, value);
		break;
	case FIELD_LONG:
		fill_number(filling, target, value);
		break;
	case FIELD_BOOL:
		if (slice_eq(value, SLICE_LIT("true")) || slice_eq(value, SLICE_LIT("false")))
			fill_text(filling, target, value);
		break;
	case FIELD_KEYWORD:
	case FIELD_TEXT:
	case FIELD_DATE:
		if (target->field == FIELD_URL_ORIGINAL)
			access_log_put_url(filling->record, filling->context, value);
		else
			fill_text(filling, target, value);
		break;
	}
}

/* ---- values of the pattern ------------------------------------------------------ */

static enum own_kind kind_of(const struct own_shape *shape)
{
	return shape->kind == OWN_CELL ? shape->inner : shape->kind;
}

/* Nanoseconds of "12.5" units, at most 292 years. */
static bool duration_ns(struct slice text, uint64_t unit_ns, uint64_t *ns)
{
	struct slice whole = slice_head(text, slice_find(text, '.'));
	struct slice fraction = slice_from(text, whole.len);
	uint64_t amount, place = unit_ns;

	if (!slice_to_u64(whole, (uint64_t)INT64_MAX / unit_ns - 1, &amount))
		return false;
	*ns = amount * unit_ns;
	for (size_t i = 1; i < fraction.len; i++) {
		place /= 10;
		*ns += place * (uint64_t)(fraction.ptr[i] - '0');
	}
	return true;
}

static void fill_duration(struct filling *filling, const struct own_shape *shape,
	const struct own_target *target, struct slice value)
{
	uint64_t ns;

	if (duration_ns(value, shape->unit_ns, &ns))
		fill_text(filling, target, number_text(filling->context, ns));
}

static void fill_stamp(struct filling *filling, const struct own_shape *shape,
	const struct own_target *target, struct slice value)
{
	struct own_moment alone = {.has = 0};
	bool is_record = target->field == OWN_TIMESTAMP;
	int64_t ns;

	if (!own_stamp_take(shape->stamp, filling->context, &value,
		    is_record ? &filling->moment : &alone))
		return;
	filling->has_moment |= is_record;
	if (!is_record && own_moment_ns(&alone, filling->context, &ns))
		fill_moment_text(filling, target, ns);
}

static void fill_value(struct filling *filling, const struct own_shape *shape,
	const struct own_target *target, struct slice value)
{
	if (target->field == FIELD_NONE || value.len == 0)
		return;
	if (shape->kind == OWN_QUOTED)
		value = unescaped(filling->context, value, '\\', "\"\"\\\\");
	else if (shape->kind == OWN_CELL)
		value = unescaped(filling->context, value, '"', "\"\"");
	if (slice_absent(value))
		return;
	switch (kind_of(shape)) {
	case OWN_STAMP:
		fill_stamp(filling, shape, target, value);
		return;
	case OWN_DURATION:
		fill_duration(filling, shape, target, value);
		return;
	case OWN_MAC:
		fill_text(filling, target, mac_text(filling, value));
		return;
	default:
		fill_named(filling, target, value);
	}
}

/* ---- tails ------------------------------------------------------------------------ */

static const struct own_target *target_of_name(const struct own_fill *fill, struct slice name)
{
	size_t low = 0, high = fill->n_names;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = own_compare(name, fill->names[middle].name);

		if (order == 0)
			return &fill->names[middle].target;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void fill_pair(struct filling *filling, const struct pair *pair)
{
	const struct own_target *target = target_of_name(filling->fill, pair->name);

	if (target == NULL)
		put_other(filling->record, filling->context, FIELD_OTHER, pair->name,
			pair->value);
	else if (target->field != FIELD_NONE && pair->value.len > 0)
		fill_named(filling, target, pair->value);
}

/* False when the tail is broken behind what was read. */
static bool fill_tail(struct filling *filling, enum own_kind kind, struct slice tail)
{
	struct parse_context *context = filling->context;
	const struct pairs *pairs = context->pairs;

	if (kind == OWN_JSON)
		pairs_read_json(context->pairs, tail, context->arena);
	else
		pairs_read_keyvalue(context->pairs, tail, context->arena);
	for (unsigned i = 0; i < pairs->n; i++)
		fill_pair(filling, &pairs->items[i]);
	context->full |= pairs->full || pairs->left_out;
	return pairs->state == PAIRS_WHOLE;
}

/* ---- tables ------------------------------------------------------------------------ */

static struct slice value_at(const struct record *record, const struct own_target *target)
{
	for (unsigned i = 1; i < record->n_fields; i++) {
		const struct field *field = &record->fields[i];

		if (field->id != target->field)
			continue;
		if (field->id != FIELD_OTHER)
			return field_value(field);
		if (slice_eq(field_value(field), target->name) && i + 1 < record->n_fields)
			return field_value(field + 1);
	}
	return SLICE_NONE;
}

static unsigned first_word(const struct own_table *table, struct slice word)
{
	unsigned low = 0, high = table->n;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (own_compare(table->words[middle].word, word) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void look_up(struct filling *filling, const struct own_table *table)
{
	struct slice word = value_at(filling->record, &table->from);
	struct slice value = table->otherwise;

	if (slice_absent(word))
		return;
	unsigned at = first_word(table, word);
	bool known = at < table->n && slice_eq(table->words[at].word, word);
	if (known)
		value = table->words[at].value;
	if (slice_absent(value))
		return;
	if (own_field_is_list(table->to.field))
		put_over(filling->record, filling->context, (enum field_id)table->to.field,
			value);
	else
		fill_named(filling, &table->to, value);
	for (at++; known && at < table->n && slice_eq(table->words[at].word, word); at++)
		put(filling->record, filling->context, (enum field_id)table->to.field,
			table->words[at].value);
}

/* ---- all of it ----------------------------------------------------------------------- */

static bool fill_values(
	struct filling *filling, const struct own_end *end, const struct own_values *values)
{
	bool whole = true;

	for (unsigned i = 0; i < end->n; i++) {
		const struct own_shape *shape = values->shapes[i];

		if (shape->kind == OWN_JSON || shape->kind == OWN_KEYVALUE)
			whole = fill_tail(filling, shape->kind, values->of[i]);
		else
			fill_value(filling, shape, &end->targets[i], values->of[i]);
	}
	return whole;
}

/* False when the line has a time that does not exist. */
static bool fill_time(struct filling *filling)
{
	int64_t ns = filling->named_ns;
	bool known = ns != CLOCK_NONE;

	if (filling->has_moment)
		known = own_moment_ns(&filling->moment, filling->context, &ns);
	if (known)
		filling->record->created_ns = ns;
	return known || !filling->has_moment;
}

enum parse_result own_fill(const struct own_fill *fill, const struct own_end *end,
	const struct own_values *values, struct record *record, struct parse_context *context)
{
	struct filling filling = {
		.fill = fill, .record = record, .context = context, .named_ns = CLOCK_NONE};
	const struct own_constants *constants = &fill->constants[end->pattern];

	for (unsigned i = 0; i < constants->n; i++)
		fill_text(&filling, &constants->items[i].target, constants->items[i].value);
	bool whole = fill_values(&filling, end, values);
	bool timed = fill_time(&filling);
	for (unsigned i = 0; i < fill->n_tables; i++)
		look_up(&filling, &fill->tables[i]);
	if (!whole)
		return PARSED_DAMAGED;
	return timed && !end->partly ? PARSED : PARSED_PARTLY;
}
