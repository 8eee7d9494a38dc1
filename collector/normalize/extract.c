#include "collector/normalize/extract.h"

#include <arpa/inet.h>

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

bool all_digits(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.ptr[i]))
			return false;
	}
	return text.len > 0;
}

void put_meaning(
	struct record *record, struct parse_context *context, const struct meaning *meaning)
{
	put(record, context, FIELD_EVENT_ACTION, meaning->action);
	put(record, context, FIELD_EVENT_CATEGORY, meaning->category);
	put(record, context, FIELD_EVENT_CATEGORY, meaning->category2);
	put(record, context, FIELD_EVENT_TYPE, meaning->type);
	put(record, context, FIELD_EVENT_TYPE, meaning->type2);
	put(record, context, FIELD_EVENT_OUTCOME, meaning->outcome);
}

void put_number(
	struct record *record, struct parse_context *context, enum field_id id, uint64_t number)
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
	put(record, context, id, text);
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

/* "0".."255" at the start of `text`; its length, or 0. */
static size_t octet_len(const char *text, size_t len)
{
	unsigned value = 0;
	size_t n = 0;

	while (n < len && n < 3 && is_digit(text[n]))
		value = value * 10 + (unsigned)(text[n++] - '0');
	if (value > 255 || (n > 1 && text[0] == '0'))
		return 0;
	return n;
}

bool is_ipv4(struct slice text)
{
	size_t at = 0;

	if (text.len < 7 || text.len > 15)
		return false;
	for (unsigned part = 0; part < 4; part++) {
		size_t n = octet_len(text.ptr + at, text.len - at);

		if (n == 0)
			return false;
		at += n;
		if (part == 3)
			break;
		if (at == text.len || text.ptr[at] != '.')
			return false;
		at++;
	}
	return at == text.len;
}

/* The canonical form (RFC 5952) in the arena; SLICE_NONE when it is no IPv6 address. */
static struct slice canonical_ipv6(struct parse_context *context, struct slice text)
{
	char buf[INET6_ADDRSTRLEN];
	struct in6_addr address;
	const char *made;

	if (text.len < 2 || text.len >= sizeof(buf) || slice_find(text, ':') == text.len)
		return SLICE_NONE;
	memcpy(buf, text.ptr, text.len);
	buf[text.len] = '\0';
	if (memchr(buf, '\0', text.len) != NULL || inet_pton(AF_INET6, buf, &address) != 1)
		return SLICE_NONE;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		made = inet_ntop(AF_INET, &address.s6_addr[12], buf, sizeof(buf));
	else
		made = inet_ntop(AF_INET6, &address, buf, sizeof(buf));
	if (made == NULL)
		return SLICE_NONE;

	struct slice canonical = slice_str(made);
	if (slice_eq(canonical, text))
		return text;
	canonical = arena_copy(context->arena, canonical);
	if (slice_absent(canonical))
		context->full = true;
	return canonical;
}

void put_address(struct record *record, struct parse_context *context, enum field_id ip,
	enum field_id other, struct slice text)
{
	if (is_ipv4(text)) {
		put(record, context, ip, text);
		return;
	}

	struct slice bare = text;
	if (bare.len > 2 && bare.ptr[0] == '[' && bare.ptr[bare.len - 1] == ']')
		bare = slice_of(bare.ptr + 1, bare.len - 2);
	struct slice canonical =
		canonical_ipv6(context, slice_head(bare, slice_find(bare, '%')));
	if (!slice_absent(canonical))
		put(record, context, ip, canonical);
	else
		put_some(record, context, other, text);
}

void put_priority(struct record *record, struct parse_context *context, struct slice digits,
	unsigned priority)
{
	static const char numbers[24][2] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
		"10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22",
		"23"};
	unsigned facility = priority / 8, severity = priority % 8;

	put(record, context, FIELD_LOG_SYSLOG_PRIORITY, digits);
	put(record, context, FIELD_LOG_SYSLOG_FACILITY_CODE,
		slice_of(numbers[facility], facility < 10 ? 1 : 2));
	put(record, context, FIELD_LOG_SYSLOG_SEVERITY_CODE, slice_of(numbers[severity], 1));
}
