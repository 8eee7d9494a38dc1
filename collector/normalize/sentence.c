#include "collector/normalize/sentence.h"

#include "collector/normalize/name_table.h"

static const struct name_entry field_names[] = {
#define FIELD(number, id, kind, text) {{SLICE_BYTES(text)}, (number)},
#include "collector/record/fields.def"
#undef FIELD
};
static struct name_table fields = NAME_TABLE(field_names);

/* A value that was found, and the name in the pattern. */
struct value {
	struct slice name, text;
};

/* "<name>" or "<name*>" at the start of *pattern. */
static bool take_name(struct slice *pattern, struct slice *name, bool *greedy)
{
	if (!skip_byte(pattern, '<') || !take_until(pattern, '>', name))
		return false;
	*greedy = slice_ends(*name, SLICE_LIT("*"));
	name->len -= *greedy;
	return true;
}

/* The words up to the next name. */
static struct slice words_of(struct slice pattern)
{
	return slice_head(pattern, slice_find(pattern, '<'));
}

static bool take_word_before(struct slice *rest, struct slice words, struct slice *text)
{
	size_t len = slice_find(*rest, ' ');

	if (words.len > 0 && words.ptr[0] != ' ')
		len = slice_find(slice_head(*rest, len), words.ptr[0]);
	*text = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return len > 0;
}

static bool take_text_before(struct slice *rest, struct slice words, struct slice *text)
{
	struct slice behind;

	if (words.len == 0) {
		*text = *rest;
		*rest = slice_from(*rest, rest->len);
		return true;
	}
	if (!cut_last(*rest, words, text, &behind))
		return false;
	*rest = slice_from(*rest, text->len);
	return true;
}

static bool fits(struct slice pattern, struct slice rest, struct value *values, unsigned *n)
{
	for (*n = 0;;) {
		struct slice words = words_of(pattern);
		bool greedy;

		if (!skip_text(&rest, words))
			return false;
		pattern = slice_from(pattern, words.len);
		if (pattern.len == 0 || *n == SENTENCE_VALUES_MAX)
			return true;
		struct value *value = &values[(*n)++];
		if (!take_name(&pattern, &value->name, &greedy))
			return false;
		words = words_of(pattern);
		if (!(greedy ? take_text_before(&rest, words, &value->text)
			     : take_word_before(&rest, words, &value->text)))
			return false;
	}
}

/* "192.0.2.1.", "fe80::1," at the end of a clause */
static struct slice without_stop(struct slice text)
{
	while (text.len > 0 && (text.ptr[text.len - 1] == '.' || text.ptr[text.len - 1] == ','))
		text.len--;
	return text;
}

/* Of an address that turns out to be a name. */
static enum field_id address_beside(enum field_id id)
{
	switch (id) {
	case FIELD_SOURCE_IP:
		return FIELD_SOURCE_ADDRESS;
	case FIELD_DESTINATION_IP:
		return FIELD_DESTINATION_ADDRESS;
	case FIELD_CLIENT_IP:
		return FIELD_CLIENT_ADDRESS;
	case FIELD_SERVER_IP:
		return FIELD_SERVER_ADDRESS;
	default:
		return FIELD_EVENT_REASON;
	}
}

static void put_value(
	struct record *record, struct parse_context *context, const struct value *value)
{
	unsigned id = name_table_find(&fields, value->name, name_hash(value->name));

	if (value->name.len == 0)
		return;
	if (id == 0) {
		put_other(record, context, FIELD_OTHER, value->name, value->text);
		return;
	}
	switch (field_type(id)) {
	case FIELD_IP:
		put_address(record, context, (enum field_id)id,
			address_beside((enum field_id)id), without_stop(value->text));
		break;
	case FIELD_LONG:
		if (id == FIELD_PROCESS_PID && all_digits(value->text))
			take_out(record, FIELD_PROCESS_PID);
		put_digits(record, context, (enum field_id)id, value->text);
		break;
	default:
		if (id == FIELD_PROCESS_NAME) /* of whom it speaks, not who says it */
			put_over(record, context, FIELD_PROCESS_NAME, value->text);
		else
			put_some(record, context, (enum field_id)id, value->text);
	}
}

bool sentence_read(struct record *record, struct parse_context *context,
	const struct sentence *sentences, size_t n, struct slice text)
{
	struct value values[SENTENCE_VALUES_MAX];
	unsigned n_values;

	for (size_t i = 0; i < n; i++) {
		if (!fits(sentences[i].pattern, text, values, &n_values))
			continue;
		for (unsigned v = 0; v < n_values; v++)
			put_value(record, context, &values[v]);
		put_meaning(record, context, sentences[i].meaning);
		return true;
	}
	return false;
}
