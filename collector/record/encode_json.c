#include <stdint.h>

#include "collector/record/encode.h"
#include "common/clock.h"
#include "common/json.h"

/* Shorter texts are written without counting their bytes first. */
enum { AT_ONCE_MAX = 4096 };

/* Names as they are written: quoted, with the colon. */
static const struct slice keys[FIELD_ID_MAX] = {
#define FIELD(number, id, type, name) [number] = {SLICE_BYTES("\"" name "\":")},
#include "collector/record/fields.def"
#undef FIELD
};

/* ECS keeps an address under both names; it is not stored twice. */
static const struct {
	uint16_t ip, address;
} both_names[] = {
	{FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS},
	{FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS},
	{FIELD_CLIENT_IP, FIELD_CLIENT_ADDRESS},
	{FIELD_SERVER_IP, FIELD_SERVER_ADDRESS},
};

/* A set of field numbers. */
struct field_set {
	uint64_t words[FIELD_ID_MAX / 64];
};

static bool set_has(const struct field_set *set, unsigned id)
{
	return set->words[id / 64] >> (id % 64) & 1;
}

static void set_add(struct field_set *set, unsigned id)
{
	set->words[id / 64] |= UINT64_C(1) << (id % 64);
}

static void put_key(struct strbuf *out, struct slice key)
{
	if (out->ptr[out->len - 1] != '{')
		strbuf_add_byte(out, ',');
	strbuf_add(out, key);
}

static void put_string(struct strbuf *out, struct slice text)
{
	char *start, *to;

	if (text.len > AT_ONCE_MAX) {
		strbuf_add_byte(out, '"');
		json_escape(out, text);
		strbuf_add_byte(out, '"');
		return;
	}
	start = to = strbuf_reserve(out, text.len * JSON_ESCAPED_MAX + 2);
	if (to == NULL)
		return;
	*to++ = '"';
	to = json_escape_to(to, text);
	*to++ = '"';
	strbuf_extend(out, (size_t)(to - start));
}

/* As JSON and this program write it: no plus, no leading zero, 64 bits. */
static bool is_canonical_number(struct slice text)
{
	uint64_t value;
	uint64_t max = INT64_MAX;

	if (text.len > 1 && text.ptr[0] == '-') {
		text = slice_from(text, 1);
		if (text.ptr[0] == '0')
			return false;
	}
	return slice_to_u64(text, max, &value) && (text.len == 1 || text.ptr[0] != '0');
}

static bool is_bare(enum field_type type, struct slice text)
{
	switch (type) {
	case FIELD_LONG:
		return is_canonical_number(text);
	case FIELD_BOOL:
		return slice_eq(text, SLICE_LIT("true")) || slice_eq(text, SLICE_LIT("false"));
	case FIELD_KEYWORD:
	case FIELD_TEXT:
	case FIELD_IP:
	case FIELD_DATE:
		return false;
	}
	return false;
}

static void put_value(struct strbuf *out, const struct field *field)
{
	struct slice value = field_value(field);

	if (is_bare(field_type(field->id), value))
		strbuf_add(out, value);
	else
		put_string(out, value);
}

static bool is_always_array(unsigned id)
{
	return id == FIELD_EVENT_CATEGORY || id == FIELD_EVENT_TYPE || id == FIELD_TAGS;
}

/* All values of the field at `first`. */
static void put_array(struct strbuf *out, const struct record *record, unsigned first)
{
	const struct field *fields = record->fields;

	strbuf_add_byte(out, '[');
	put_value(out, &fields[first]);
	for (unsigned i = first + 1; i < record->n_fields; i++) {
		if (fields[i].id != fields[first].id)
			continue;
		strbuf_add_byte(out, ',');
		put_value(out, &fields[i]);
	}
	strbuf_add_byte(out, ']');
}

/* Whether the pair at `i` has the name and prefix of the one at `first`. */
static bool same_other(const struct record *record, unsigned first, unsigned i)
{
	const struct field *a = &record->fields[first], *b = &record->fields[i];

	return i + 1 < record->n_fields && a->id == b->id &&
	       slice_eq(field_value(a), field_value(b));
}

/*
 * Which of a record's names of others may be there twice: a bit of a hash of each. What is not
 * among `repeated` is there once, and most are.
 */
struct other_names {
	uint64_t seen, repeated;
};

static uint64_t other_bit(const struct field *field)
{
	struct slice name = field_value(field);
	unsigned mixed = field->id + (unsigned)name.len;

	if (name.len > 0)
		mixed += 3u * (unsigned char)name.ptr[name.len / 2] +
			 7u * (unsigned char)name.ptr[name.len - 1] +
			 13u * (unsigned char)name.ptr[0];
	return UINT64_C(1) << mixed % 64;
}

static void note_other(struct other_names *names, const struct field *field)
{
	uint64_t bit = other_bit(field);

	names->repeated |= names->seen & bit;
	names->seen |= bit;
}

static bool is_first_other(const struct record *record, unsigned at)
{
	for (unsigned i = 0; i < at; i++) {
		if (same_other(record, at, i))
			return false;
	}
	return true;
}

static void put_other_key(struct strbuf *out, const struct record *record, unsigned at)
{
	unsigned id = record->fields[at].id;
	struct slice prefix =
		id == FIELD_OTHER ? record_get(record, FIELD_EVENT_MODULE) : field_name(id);

	put_key(out, SLICE_LIT("\""));
	json_escape(out, slice_absent(prefix) ? field_name(id) : prefix);
	strbuf_add_byte(out, '.');
	json_escape(out, field_value(&record->fields[at]));
	strbuf_add_str(out, "\":");
}

/* The pair whose name is at `at`; repeated names make an array, at the first. */
static void put_other(struct strbuf *out, const struct record *record, unsigned at,
	const struct other_names *names)
{
	const bool once = !(names->repeated & other_bit(&record->fields[at]));
	unsigned n = 0;

	if (at + 1 == record->n_fields || (!once && !is_first_other(record, at)))
		return;
	put_other_key(out, record, at);
	for (unsigned i = at; !once && i < record->n_fields; i++)
		n += same_other(record, at, i);
	if (n <= 1) {
		put_value(out, &record->fields[at + 1]);
		return;
	}
	for (unsigned i = at, done = 0; done < n; i++) {
		if (!same_other(record, at, i))
			continue;
		strbuf_add_byte(out, done++ == 0 ? '[' : ',');
		put_value(out, &record->fields[i + 1]);
	}
	strbuf_add_byte(out, ']');
}

static void put_addresses(
	struct strbuf *out, const struct record *record, const struct field_set *seen)
{
	for (size_t i = 0; i < ARRAY_LEN(both_names); i++) {
		if (!set_has(seen, both_names[i].ip) || set_has(seen, both_names[i].address))
			continue;
		put_key(out, keys[both_names[i].address]);
		put_string(out, record_get(record, (enum field_id)both_names[i].ip));
	}
}

static void put_fields(struct strbuf *out, const struct record *record)
{
	struct field_set seen = {0}, repeated = {0}, done = {0};
	struct other_names others = {0};
	const struct field *fields = record->fields;

	for (unsigned i = 0; i < record->n_fields; i++) {
		set_add(set_has(&seen, fields[i].id) ? &repeated : &seen, fields[i].id);
		if (field_is_other(fields[i].id))
			note_other(&others, &fields[i]);
	}
	for (unsigned i = 0; i < record->n_fields; i++) {
		unsigned id = fields[i].id;

		if (field_is_other(id))
			put_other(out, record, i, &others);
		if (field_is_other(id) || id == FIELD_OTHER_VALUE || slice_absent(keys[id]) ||
			set_has(&done, id))
			continue;
		put_key(out, keys[id]);
		if (!set_has(&repeated, id) && !is_always_array(id)) {
			put_value(out, &fields[i]);
			continue;
		}
		set_add(&done, id);
		put_array(out, record, i);
	}
	put_addresses(out, record, &seen);
}

static void put_text(struct strbuf *out, struct slice key, struct slice text)
{
	put_key(out, key);
	put_string(out, text);
}

static void put_number(struct strbuf *out, struct slice key, uint64_t number)
{
	put_key(out, key);
	strbuf_add_u64(out, number);
}

static void put_time(struct strbuf *out, struct slice key, int64_t ns)
{
	char text[CLOCK_TEXT_MAX];
	unsigned digits = ns % CLOCK_NS_PER_MS == 0 ? 3 : 9;

	if (ns != CLOCK_NONE)
		put_text(out, key, slice_str(clock_format_utc(ns, digits, text)));
}

static int64_t time_of(const struct record *record)
{
	if (record->created_ns != CLOCK_NONE)
		return record->created_ns;
	return record->read_ns != CLOCK_NONE ? record->read_ns : record->received_ns;
}

static struct slice event_kind(const struct record *record)
{
	switch ((enum record_kind)record->kind) {
	case RECORD_HIT:
	case RECORD_FINDING:
		return SLICE_LIT("alert");
	case RECORD_INVENTORY:
	case RECORD_AGENT:
		return SLICE_LIT("state");
	case RECORD_LOG:
	case RECORD_NOTE:
		break;
	}
	return SLICE_LIT("event");
}

/* Whose it is, where it came from, and what it counts as. */
static void put_identity(struct strbuf *out, const struct record *record)
{
	put_number(out, SLICE_LIT("\"soc.agency\":"), record->agency);
	put_number(out, SLICE_LIT("\"soc.host\":"), record->host);
	if (record->system != 0)
		put_number(out, SLICE_LIT("\"soc.system\":"), record->system);
	if (record->level != 0)
		put_number(out, SLICE_LIT("\"soc.level\":"), record->level);
	put_text(out, SLICE_LIT("\"soc.class\":"),
		slice_str(attack_class_name((enum attack_class)record->attack)));
	put_text(out, SLICE_LIT("\"soc.severity\":"),
		slice_str(severity_name((enum severity)record->severity)));
	put_text(out, SLICE_LIT("\"soc.identity\":"),
		slice_str(identity_strength_name((enum identity_strength)record->strength)));
	put_time(out, SLICE_LIT("\"event.created\":"), record->read_ns);
	put_time(out, SLICE_LIT("\"event.ingested\":"), record->received_ns);
	if (record->skew_known)
		put_number(out, SLICE_LIT("\"soc.clock_skew_ms\":"), record->skew_ms);
	if (record->source != NULL) {
		put_text(out, SLICE_LIT("\"soc.input\":"), record->source->input);
		put_text(out, SLICE_LIT("\"soc.source\":"), record->source->name);
	}
	put_number(out, SLICE_LIT("\"soc.sequence\":"), record->sequence);
}

static void put_flags(struct strbuf *out, unsigned flags)
{
	static const struct {
		unsigned flag;
		struct slice key;
	} names[] = {
		{RECORD_TRUNCATED, {SLICE_BYTES("\"soc.truncated\":true")}},
		{RECORD_TEST, {SLICE_BYTES("\"soc.test\":true")}},
		{RECORD_UNATTRIBUTED, {SLICE_BYTES("\"soc.unattributed\":true")}},
		{RECORD_MASKED, {SLICE_BYTES("\"soc.masked\":true")}},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (flags & names[i].flag)
			put_key(out, names[i].key);
	}
}

void encode_json(struct strbuf *out, const struct record *record, struct slice parser_name)
{
	strbuf_add_byte(out, '{');
	if (out->overflow)
		return;
	put_time(out, SLICE_LIT("\"@timestamp\":"), time_of(record));
	if (slice_absent(record_get(record, FIELD_EVENT_KIND)))
		put_text(out, SLICE_LIT("\"event.kind\":"), event_kind(record));
	put_fields(out, record);
	put_text(out, SLICE_LIT("\"event.original\":"),
		slice_absent(record->raw) ? SLICE_LIT("") : record->raw);
	if (!slice_absent(parser_name))
		put_text(out, SLICE_LIT("\"soc.parser\":"), parser_name);
	put_text(out, SLICE_LIT("\"soc.parse_status\":"),
		slice_str(parse_status_name((enum parse_status)record->status)));
	put_flags(out, record->flags);
	if (record->agency != 0)
		put_identity(out, record);
	strbuf_add_byte(out, '}');
}
