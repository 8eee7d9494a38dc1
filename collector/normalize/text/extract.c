#include "collector/normalize/text/extract.h"

#include "common/netaddr.h"

struct slice take_word(struct slice *rest)
{
	size_t len = slice_find(*rest, ' ');
	struct slice word = slice_head(*rest, len);

	*rest = slice_from(*rest, len);
	return word;
}

bool take_digits(struct slice *rest, struct slice *digits)
{
	size_t len = 0;

	while (len < rest->len && is_digit(rest->ptr[len]))
		len++;
	if (len == 0 || len > 20)
		return false;
	*digits = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

bool take_until(struct slice *rest, char end, struct slice *text)
{
	size_t len = slice_find(*rest, end);

	if (len == rest->len)
		return false;
	*text = slice_head(*rest, len);
	*rest = slice_from(*rest, len + 1);
	return true;
}

bool cut_last(struct slice text, struct slice delim, struct slice *before, struct slice *after)
{
	if (text.len < delim.len)
		return false;
	for (size_t at = text.len - delim.len + 1; at-- > 0;) {
		if (text.ptr[at] != delim.ptr[0] ||
			memcmp(text.ptr + at, delim.ptr, delim.len) != 0)
			continue;
		*before = slice_head(text, at);
		*after = slice_from(text, at + delim.len);
		return true;
	}
	return false;
}

struct slice without_brackets(struct slice text)
{
	if (text.len >= 2 && text.ptr[0] == '<' && text.ptr[text.len - 1] == '>')
		return slice_of(text.ptr + 1, text.len - 2);
	return text;
}

/* What `escape` and `byte` mean; false: they stand for themselves. */
static bool meaning_of_escape(const char *meanings, char byte, char *meaning)
{
	*meaning = byte;
	if (meanings == NULL)
		return true;
	for (; *meanings != '\0'; meanings += 2) {
		if (*meanings == byte) {
			*meaning = meanings[1];
			return true;
		}
	}
	return false;
}

struct slice unescaped(
	struct parse_context *context, struct slice text, char escape, const char *meanings)
{
	if (slice_find(text, escape) == text.len)
		return text;
	char *start = arena_alloc(context->arena, text.len), *to = start, meaning;
	if (start == NULL) {
		context->full = true;
		return text;
	}
	for (size_t i = 0; i < text.len; i++) {
		const bool is_escaped = text.ptr[i] == escape && i + 1 < text.len &&
					meaning_of_escape(meanings, text.ptr[i + 1], &meaning);

		*to++ = is_escaped ? meaning : text.ptr[i];
		i += is_escaped;
	}
	return slice_of(start, (size_t)(to - start));
}

bool all_digits(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.ptr[i]))
			return false;
	}
	return text.len > 0;
}

void put_other(struct record *record, struct parse_context *context, enum field_id prefix,
	struct slice name, struct slice value)
{
	if (value.len == 0 || context->n_others > OTHERS_MAX)
		return;
	if (context->n_others++ == OTHERS_MAX) {
		put(record, context, FIELD_TAGS, SLICE_LIT("fields_left_out"));
		return;
	}
	if (record->n_fields + 2 > record->fields_room) {
		context->full = true;
		return;
	}
	put(record, context, prefix, name);
	put(record, context, FIELD_OTHER_VALUE, value);
}

void put_over(struct record *record, struct parse_context *context, enum field_id id,
	struct slice value)
{
	if (slice_absent(value) || value.len > UINT32_MAX)
		return;
	for (unsigned i = 1; i < record->n_fields; i++) {
		if (record->fields[i].id == id) {
			record->fields[i].ptr = value.ptr;
			record->fields[i].len = (uint32_t)value.len;
			return;
		}
	}
	put(record, context, id, value);
}

void take_out(struct record *record, enum field_id id)
{
	for (unsigned i = 1; i < record->n_fields; i++) {
		if (record->fields[i].id != id)
			continue;
		memmove(&record->fields[i], &record->fields[i + 1],
			(record->n_fields - i - 1) * sizeof(record->fields[0]));
		record->n_fields--;
		return;
	}
}

static bool all_hex(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char byte = (char)(text.ptr[i] | 0x20);

		if (!is_digit(text.ptr[i]) && (byte < 'a' || byte > 'f'))
			return false;
	}
	return text.len > 0;
}

void put_hash(struct record *record, struct parse_context *context, struct slice hash)
{
	if (!all_hex(hash))
		return;
	if (hash.len == 32)
		put(record, context, FIELD_FILE_HASH_MD5, hash);
	else if (hash.len == 40)
		put(record, context, FIELD_FILE_HASH_SHA1, hash);
	else if (hash.len == 64)
		put(record, context, FIELD_FILE_HASH_SHA256, hash);
}

void put_meaning(
	struct record *record, struct parse_context *context, const struct meaning *meaning)
{
	put(record, context, FIELD_EVENT_ACTION, meaning->action);
	put(record, context, FIELD_EVENT_CATEGORY, meaning->category);
	put(record, context, FIELD_EVENT_CATEGORY, meaning->category2);
	put(record, context, FIELD_EVENT_TYPE, meaning->type);
	put(record, context, FIELD_EVENT_TYPE, meaning->type2);
	put(record, context, FIELD_EVENT_TYPE, meaning->type3);
	put(record, context, FIELD_EVENT_OUTCOME, meaning->outcome);
}

struct slice number_text(struct parse_context *context, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);

	struct slice text =
		arena_copy(context->arena, slice_of(digits + at, sizeof(digits) - at));
	if (slice_absent(text))
		context->full = true;
	return text;
}

void put_number(
	struct record *record, struct parse_context *context, enum field_id id, uint64_t number)
{
	put(record, context, id, number_text(context, number));
}

void put_digits(struct record *record, struct parse_context *context, enum field_id id,
	struct slice digits)
{
	if (!all_digits(digits))
		return;
	while (digits.len > 1 && digits.ptr[0] == '0')
		digits = slice_from(digits, 1);
	put(record, context, id, digits);
}

/* The canonical form, in the arena when the text is written otherwise; SLICE_NONE when it is
 * no address. */
static struct slice canonical_address(struct parse_context *context, struct slice text)
{
	char buf[NETADDR_TEXT_MAX];
	struct netaddr addr;

	if (!netaddr_parse(text, &addr))
		return SLICE_NONE;

	struct slice canonical = slice_of(buf, netaddr_format(&addr, buf));
	if (slice_eq(canonical, text))
		return text;
	canonical = arena_copy(context->arena, canonical);
	if (slice_absent(canonical))
		context->full = true;
	return canonical;
}

/* "[2001:db8::1]" without brackets, "fe80::1%eth0" without the zone. */
static struct slice bare_address(struct slice text)
{
	if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
		text = slice_of(text.ptr + 1, text.len - 2);
	return slice_head(text, slice_find(text, '%'));
}

void put_address(struct record *record, struct parse_context *context, enum field_id ip,
	enum field_id other, struct slice text)
{
	struct slice canonical = canonical_address(context, bare_address(text));

	if (!slice_absent(canonical))
		put(record, context, ip, canonical);
	else
		put_some(record, context, other, text);
}

void put_only_address(struct record *record, struct parse_context *context, enum field_id ip,
	struct slice text)
{
	put(record, context, ip, canonical_address(context, bare_address(text)));
}

void put_facility(struct record *record, struct parse_context *context, unsigned facility,
	unsigned severity)
{
	static const char numbers[24][2] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
		"10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22",
		"23"};

	put_outer(record, context, FIELD_LOG_SYSLOG_FACILITY_CODE,
		slice_of(numbers[facility], facility < 10 ? 1 : 2));
	put_outer(record, context, FIELD_LOG_SYSLOG_SEVERITY_CODE,
		slice_of(numbers[severity], 1));
}

void put_priority(struct record *record, struct parse_context *context, struct slice digits,
	unsigned priority)
{
	put_outer(record, context, FIELD_LOG_SYSLOG_PRIORITY, digits);
	put_facility(record, context, priority / 8, priority % 8);
}
