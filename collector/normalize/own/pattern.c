#include "collector/normalize/own/pattern.h"

#include <stdio.h>

#include "collector/normalize/text/extract.h"
#include "common/mistakes.h"
#include "common/nearest.h"

static const struct kind_name {
	const char *name;
	enum own_kind kind;
	bool ends_at_text; /* the value ends before the text that follows in the pattern */
	bool ends_line;    /* nothing can follow */
	enum { ARGUMENT_NONE, ARGUMENT_STAMP, ARGUMENT_UNIT, ARGUMENT_KIND } argument;
} kind_names[] = {
	{.name = "word", OWN_WORD, .ends_at_text = true},
	{.name = "text", OWN_TEXT, .ends_at_text = true},
	{.name = "text-to-last", OWN_TEXT_LAST, .ends_at_text = true},
	{.name = "rest", OWN_REST, .ends_line = true},
	{.name = "quoted", OWN_QUOTED},
	{.name = "number", OWN_NUMBER},
	{.name = "decimal", OWN_DECIMAL},
	{.name = "duration", OWN_DURATION, .argument = ARGUMENT_UNIT},
	{.name = "hex", OWN_HEX},
	{.name = "ip", OWN_IP},
	{.name = "port", OWN_PORT},
	{.name = "mac", OWN_MAC},
	{.name = "host", OWN_HOST},
	{.name = "path", OWN_PATH, .ends_at_text = true},
	{.name = "url", OWN_URL, .ends_at_text = true},
	{.name = "user-agent", OWN_AGENT, .ends_at_text = true},
	{.name = "stamp", OWN_STAMP, .argument = ARGUMENT_STAMP},
	{.name = "cell", OWN_CELL, .ends_at_text = true, .argument = ARGUMENT_KIND},
	{.name = "blanks", OWN_BLANKS},
	{.name = "keyvalue", OWN_KEYVALUE, .ends_line = true},
	{.name = "json", OWN_JSON, .ends_line = true},
};

/* ---- where values go -------------------------------------------------------- */

enum field_id own_address_field(unsigned ip)
{
	switch (ip) {
	case FIELD_SOURCE_IP:
		return FIELD_SOURCE_ADDRESS;
	case FIELD_DESTINATION_IP:
		return FIELD_DESTINATION_ADDRESS;
	case FIELD_CLIENT_IP:
		return FIELD_CLIENT_ADDRESS;
	case FIELD_SERVER_IP:
		return FIELD_SERVER_ADDRESS;
	default:
		return FIELD_NONE;
	}
}

/* What the collector itself says of a record, and nothing in a line may. */
static bool is_reserved(struct slice name, enum field_id id)
{
	return slice_starts(name, SLICE_LIT("soc.")) ||
	       slice_starts(name, SLICE_LIT("agent.")) || id == FIELD_EVENT_MODULE ||
	       field_is_other(id) || id == FIELD_OTHER_VALUE;
}

static bool no_such_field(struct slice name, struct err *err)
{
	struct nearest nearest = {.word = name};

	for (unsigned id = 1; id < FIELD_ID_MAX; id++) {
		struct slice known = field_name(id);

		if (!slice_absent(known) && !is_reserved(known, id))
			nearest_offer(&nearest, known.ptr);
	}
	struct mistake_quote quote = {0};
	const char *word = mistake_text(&quote, name);

	if (nearest.best != NULL)
		return err_set(
			err, "there is no field %s, nearest is '%s'", word, nearest.best);
	return err_set(err,
		"there is no field %s; fields are those of ECS, or the module, a point and a "
		"name",
		word);
}

bool own_target_find(
	struct slice name, struct slice module, struct own_target *target, struct err *err)
{
	enum field_id id = field_by_name(name);

	if (slice_eq(name, SLICE_LIT("@timestamp"))) {
		*target = (struct own_target){.field = OWN_TIMESTAMP};
		return true;
	}
	if (id != FIELD_NONE && !is_reserved(name, id)) {
		*target = (struct own_target){.field = id};
		return true;
	}
	if (slice_starts(name, module) && name.len > module.len + 1 &&
		name.ptr[module.len] == '.') {
		*target = (struct own_target){
			.field = FIELD_OTHER, .name = slice_from(name, module.len + 1)};
		return true;
	}
	return no_such_field(name, err);
}

static bool takes_listed_words(unsigned field)
{
	return field == FIELD_EVENT_KIND || field == FIELD_EVENT_CATEGORY ||
	       field == FIELD_EVENT_TYPE || field == FIELD_EVENT_OUTCOME;
}

static bool is_number(enum own_kind kind)
{
	return kind == OWN_NUMBER || kind == OWN_PORT || kind == OWN_DURATION;
}

/* Whether such values can stand in such a field. */
static bool check_target(
	const struct own_shape *shape, const struct own_target *target, struct err *err)
{
	enum own_kind kind = shape->kind == OWN_CELL ? shape->inner : shape->kind;
	bool is_time =
		target->field == OWN_TIMESTAMP ||
		(target->field < FIELD_ID_MAX && field_type(target->field) == FIELD_DATE);

	if (target->field == FIELD_NONE)
		return true;
	if (shape->kind == OWN_JSON || shape->kind == OWN_KEYVALUE || kind == OWN_BLANKS)
		return err_set(
			err, "this type has no field; `names` tells where its values go");
	if (is_time != (kind == OWN_STAMP))
		return err_set(err, is_time ? "the field is a time: read it with stamp"
					    : "a stamp goes to @timestamp or another time");
	if (is_time || target->field == FIELD_OTHER)
		return true;
	if (takes_listed_words(target->field))
		return err_set(err, "ECS allows listed words only here: give a constant under "
				    "`set`, or a table under `values`");
	if (field_type(target->field) == FIELD_LONG && !is_number(kind))
		return err_set(err, "the field is a number: read it with number, port or "
				    "duration");
	if (field_type(target->field) == FIELD_BOOL)
		return err_set(err, "the field is true or false: give a table under `values`");
	if (field_type(target->field) == FIELD_IP && kind != OWN_IP &&
		own_address_field(target->field) == FIELD_NONE)
		return err_set(err, "the field is an address: read it with ip");
	return true;
}

/* ---- what a pattern is made of ---------------------------------------------- */

struct branch;

struct item {
	struct item *next;
	struct own_shape shape;
	struct own_target target;
	struct branch *branches; /* a group; NULL for the others */
	bool optional;
};

struct branch {
	struct branch *next;
	struct item *items;
};

struct reading {
	struct slice whole, rest, module;
	struct arena *arena;
	unsigned depth;
	struct err *err;
};

static bool wrong(struct reading *reading, const char *words)
{
	return err_set(reading->err, "byte %zu of the pattern: %s",
		reading->whole.len - reading->rest.len + 1, words);
}

static void *make(struct reading *reading, size_t size)
{
	void *made = arena_alloc(reading->arena, size);

	if (made == NULL)
		(void)wrong(reading, "the patterns of the file need too much memory");
	else
		memset(made, 0, size);
	return made;
}

static const struct kind_name *find_kind(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(kind_names); i++) {
		if (slice_eq(name, slice_str(kind_names[i].name)))
			return &kind_names[i];
	}
	return NULL;
}

static bool no_such_type(struct reading *reading, struct slice name)
{
	struct nearest nearest = {.word = name};
	struct mistake_quote quote = {0};
	char words[MISTAKE_TEXT_MAX * 4 + 80];

	for (size_t i = 0; i < ARRAY_LEN(kind_names); i++)
		nearest_offer(&nearest, kind_names[i].name);
	snprintf(words, sizeof(words), "there is no type %s%s%s%s", mistake_text(&quote, name),
		nearest.best ? ", nearest is '" : "", nearest.best ? nearest.best : "",
		nearest.best ? "'" : "");
	return wrong(reading, words);
}

static bool read_unit(struct reading *reading, struct own_shape *shape)
{
	static const struct {
		struct slice name;
		uint64_t ns;
	} units[] = {{{SLICE_BYTES("s")}, 1000000000}, {{SLICE_BYTES("ms")}, 1000000},
		{{SLICE_BYTES("us")}, 1000}, {{SLICE_BYTES("ns")}, 1}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (slice_eq(shape->argument, units[i].name))
			shape->unit_ns = units[i].ns;
	}
	return shape->unit_ns != 0 || wrong(reading, "a duration has its unit: duration(s), "
						     "(ms), (us) or (ns)");
}

static bool read_stamp(struct reading *reading, struct own_shape *shape)
{
	struct own_stamp *stamp = make(reading, sizeof(*stamp));
	struct err err;

	if (stamp == NULL)
		return false;
	if (shape->argument.len == 0)
		shape->argument = SLICE_LIT("any");
	if (!own_stamp_compile(shape->argument, stamp, &err))
		return wrong(reading, err.text);
	shape->stamp = stamp;
	return true;
}

static bool read_type(struct reading *reading, struct slice type, struct own_shape *shape);

static bool read_inner(struct reading *reading, struct own_shape *shape)
{
	struct own_shape inner = {.kind = OWN_LITERAL};

	if (shape->argument.len == 0)
		return true;
	if (!read_type(reading, shape->argument, &inner))
		return false;
	if (inner.kind == OWN_CELL || inner.kind >= OWN_KEYVALUE || inner.kind == OWN_JSON)
		return wrong(reading, "a cell cannot hold this type");
	shape->inner = inner.kind;
	shape->stamp = inner.stamp;
	shape->unit_ns = inner.unit_ns;
	return true;
}

static bool read_argument(
	struct reading *reading, const struct kind_name *kind, struct own_shape *shape)
{
	switch (kind->argument) {
	case ARGUMENT_NONE:
		return slice_absent(shape->argument) ||
		       wrong(reading, "this type has nothing in parentheses");
	case ARGUMENT_STAMP:
		return read_stamp(reading, shape);
	case ARGUMENT_UNIT:
		return read_unit(reading, shape);
	case ARGUMENT_KIND:
		return read_inner(reading, shape);
	}
	return false;
}

/* "stamp(HH:mm)", all of `type`. */
static bool read_type(struct reading *reading, struct slice type, struct own_shape *shape)
{
	struct slice name = slice_head(type, slice_find(type, '('));
	const struct kind_name *kind = find_kind(name);

	if (kind == NULL)
		return no_such_type(reading, name);
	shape->kind = kind->kind;
	if (name.len < type.len) {
		if (type.ptr[type.len - 1] != ')')
			return wrong(reading, "a '(' of the type is not closed");
		shape->argument = slice_of(type.ptr + name.len + 1, type.len - name.len - 2);
	}
	return read_argument(reading, kind, shape);
}

/* Bytes of the type at the start of the inside of %{}: a ':' in parentheses is part of it. */
static size_t type_len(struct slice inside)
{
	unsigned depth = 0;

	for (size_t i = 0; i < inside.len; i++) {
		if (inside.ptr[i] == '(')
			depth++;
		else if (inside.ptr[i] == ')' && depth > 0)
			depth--;
		else if (inside.ptr[i] == ':' && depth == 0)
			return i;
	}
	return inside.len;
}

/* Behind "%{". */
static bool read_field(struct reading *reading, struct item *item)
{
	struct slice rest = reading->rest, inside;
	struct err err = {0};

	if (!take_until(&rest, '}', &inside))
		return wrong(reading, "a %{ is not closed");
	struct slice type = slice_head(inside, type_len(inside));
	if (!read_type(reading, type, &item->shape))
		return false;
	if (type.len < inside.len && (!own_target_find(slice_from(inside, type.len + 1),
					      reading->module, &item->target, &err) ||
					     !check_target(&item->shape, &item->target, &err)))
		return wrong(reading, err.text);
	reading->rest = rest;
	return true;
}

static bool read_items(struct reading *reading, struct item **items);

/* Behind "%(". */
static bool read_group(struct reading *reading, struct item *item)
{
	struct branch **last = &item->branches;

	if (++reading->depth > OWN_DEPTH_MAX)
		return wrong(reading, "groups within groups are too deep");
	do {
		struct branch *branch = make(reading, sizeof(*branch));

		if (branch == NULL || !read_items(reading, &branch->items))
			return false;
		*last = branch;
		last = &branch->next;
	} while (skip_lit(&reading->rest, "%|"));
	if (!skip_lit(&reading->rest, "%)"))
		return wrong(reading, "a %( is not closed");
	item->optional = skip_byte(&reading->rest, '?');
	reading->depth--;
	return true;
}

/* The text up to the next '%'. */
static struct slice take_plain(struct slice *rest)
{
	size_t len = slice_find(*rest, '%');
	struct slice text = slice_head(*rest, len);

	*rest = slice_from(*rest, len);
	return text;
}

static bool read_item(struct reading *reading, struct item *item)
{
	if (skip_lit(&reading->rest, "%{"))
		return read_field(reading, item);
	if (skip_lit(&reading->rest, "%("))
		return read_group(reading, item);
	if (skip_lit(&reading->rest, "%%"))
		item->shape.text = SLICE_LIT("%");
	else if (reading->rest.ptr[0] == '%')
		return wrong(reading, "behind a % stands {, (, |, ) or another %");
	else
		item->shape.text = take_plain(&reading->rest);
	return true;
}

/* Up to the end, or the end of the group's branch. */
static bool read_items(struct reading *reading, struct item **items)
{
	while (reading->rest.len > 0 && !slice_starts(reading->rest, SLICE_LIT("%|")) &&
		!slice_starts(reading->rest, SLICE_LIT("%)"))) {
		struct item *item = make(reading, sizeof(*item));

		if (item == NULL || !read_item(reading, item))
			return false;
		*items = item;
		items = &item->next;
	}
	return true;
}

/* ---- all the ways to read it -------------------------------------------------- */

static unsigned count_ways(const struct item *item)
{
	unsigned ways = 1;

	for (; item != NULL; item = item->next) {
		unsigned of_item = item->optional || item->branches == NULL;

		for (const struct branch *b = item->branches; b != NULL; b = b->next)
			of_item += count_ways(b->items);
		ways *= of_item;
		if (ways > OWN_WAYS_MAX)
			return OWN_WAYS_MAX + 1;
	}
	return ways;
}

struct writing {
	struct reading *reading;
	own_way_function *on_way;
	void *user;
	struct own_part parts[OWN_PARTS_MAX];
	unsigned n;
};

/* What follows the items that are being written out. */
struct later {
	const struct item *items;
	const struct later *later;
};

static bool write_out(
	struct writing *writing, const struct item *item, const struct later *later);

/* Text beside text is one text. */
static bool join_literals(struct writing *writing, struct own_part *parts, unsigned *n)
{
	*n = 0;
	for (unsigned i = 0; i < writing->n; i++) {
		struct own_part *last = *n > 0 ? &parts[*n - 1] : NULL;
		struct slice text = writing->parts[i].shape.text;

		if (writing->parts[i].shape.kind != OWN_LITERAL || last == NULL ||
			last->shape.kind != OWN_LITERAL) {
			parts[(*n)++] = writing->parts[i];
			continue;
		}
		struct slice before = last->shape.text;
		char *both = make(writing->reading, before.len + text.len);
		if (both == NULL)
			return false;
		memcpy(both, before.ptr, before.len);
		memcpy(both + before.len, text.ptr, text.len);
		last->shape.text = slice_of(both, before.len + text.len);
	}
	return true;
}

static const struct kind_name *kind_name_of(enum own_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(kind_names); i++) {
		if (kind_names[i].kind == kind)
			return &kind_names[i];
	}
	return NULL;
}

/* What a value ends before: of one without blanks the text up to the first blank, and nothing
 * when that is all. */
static struct slice stop_of(enum own_kind kind, struct slice text)
{
	size_t blank = slice_find(text, ' ');
	bool bare = kind == OWN_WORD || kind == OWN_PATH || kind == OWN_URL;

	if (bare && blank < text.len)
		text = slice_head(text, blank > 0 ? blank + 1 : 0);
	return slice_head(text, text.len < OWN_STOP_MAX ? text.len : OWN_STOP_MAX);
}

static bool find_stop(
	struct writing *writing, struct own_part *part, const struct own_part *next)
{
	const struct kind_name *kind = kind_name_of(part->shape.kind);
	bool before_text = next != NULL && next->shape.kind == OWN_LITERAL;

	if (kind == NULL)
		return true;
	if (kind->ends_line && next != NULL)
		return err_set(writing->reading->err,
			"%s takes all of the line: nothing can stand behind it", kind->name);
	if (kind->ends_at_text && kind->kind >= OWN_TEXT && next != NULL && !before_text)
		return err_set(writing->reading->err,
			"%s ends before the text that follows: a value cannot follow it "
			"directly",
			kind->name);
	if (kind->ends_at_text && before_text)
		part->shape.text = stop_of(kind->kind, next->shape.text);
	return true;
}

/* Values that end where the next text begins learn what that is: the text as it is written,
 * up to the end of the prefix or group, so that patterns of one prefix share it. */
static bool find_stops(struct writing *writing, struct own_part *parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!find_stop(writing, &parts[i], i + 1 < n ? &parts[i + 1] : NULL))
			return false;
	}
	return true;
}

static bool end_way(struct writing *writing)
{
	struct own_part parts[OWN_PARTS_MAX];
	unsigned n;

	return find_stops(writing, writing->parts, writing->n) &&
	       join_literals(writing, parts, &n) &&
	       writing->on_way(writing->user, parts, n, writing->reading->err);
}

static bool write_group(
	struct writing *writing, const struct item *item, const struct later *later)
{
	const struct later behind = {item->next, later};
	unsigned n = writing->n;

	for (const struct branch *b = item->branches; b != NULL; b = b->next) {
		if (!write_out(writing, b->items, &behind))
			return false;
		writing->n = n;
	}
	return !item->optional || write_out(writing, item->next, later);
}

static bool write_out(
	struct writing *writing, const struct item *item, const struct later *later)
{
	while (item == NULL && later != NULL) {
		item = later->items;
		later = later->later;
	}
	if (item == NULL)
		return end_way(writing);
	if (item->branches != NULL)
		return write_group(writing, item, later);
	if (writing->n == OWN_PARTS_MAX)
		return err_set(writing->reading->err, "the pattern has more than %d parts",
			OWN_PARTS_MAX);
	writing->parts[writing->n++] =
		(struct own_part){.shape = item->shape, .target = item->target};
	return write_out(writing, item->next, later);
}

static bool read_whole(struct reading *reading, struct slice text, struct item **items)
{
	reading->whole = reading->rest = text;
	if (text.len > OWN_PATTERN_MAX)
		return err_set(reading->err, "the pattern has %zu bytes, more than %d",
			text.len, OWN_PATTERN_MAX);
	if (!read_items(reading, items))
		return false;
	return reading->rest.len == 0 || wrong(reading, "a %| or %) without its %(");
}

bool own_pattern_read(struct slice prefix, struct slice text, struct slice module,
	struct arena *arena, own_way_function *on_way, void *user, struct err *err)
{
	struct reading reading = {.module = module, .arena = arena, .err = err};
	struct writing writing = {.reading = &reading, .on_way = on_way, .user = user};
	struct item *items = NULL, **behind = &items;

	if (!read_whole(&reading, prefix, &items))
		return false;
	while (*behind != NULL)
		behind = &(*behind)->next;
	if (!read_whole(&reading, text, behind))
		return false;
	if (count_ways(items) > OWN_WAYS_MAX)
		return err_set(
			err, "the pattern can be read in more than %d ways", OWN_WAYS_MAX);
	return write_out(&writing, items, NULL);
}
