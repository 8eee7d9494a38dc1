#include "collector/ingest/exporters/values.h"

#include <math.h>

#include "collector/ingest/exporters/wire.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/netaddr.h"

enum {
	NUMBER_SIZE_MAX = 8,
	MAC_SIZE = 6,
	ENTERPRISE_BIT = 0x8000,
	LIST_HEAD = 5, /* semantic, number, length: RFC 6313 4.5.1 */
};

static const char digits[] = "0123456789abcdef";

void value_put_hex(struct strbuf *out, struct slice bytes)
{
	char *to = strbuf_reserve(out, 2 * bytes.len + 2);

	if (to == NULL)
		return;
	*to++ = '"';
	for (size_t i = 0; i < bytes.len; i++) {
		*to++ = digits[(unsigned char)bytes.ptr[i] >> 4];
		*to++ = digits[bytes.ptr[i] & 15];
	}
	*to = '"';
	strbuf_extend(out, 2 * bytes.len + 2);
}

/* ---- numbers -------------------------------------------------------------------------- */

static bool is_number(struct slice bytes)
{
	return bytes.len > 0 && bytes.len <= NUMBER_SIZE_MAX;
}

static bool put_signed(struct strbuf *out, struct slice bytes)
{
	if (!is_number(bytes))
		return false;

	const unsigned shift = (unsigned)(NUMBER_SIZE_MAX - bytes.len) * 8;
	strbuf_add_i64(out, (int64_t)(wire_number(bytes) << shift) >> shift);
	return true;
}

static bool put_float(struct strbuf *out, struct slice bytes)
{
	double value;

	if (bytes.len == sizeof(float)) {
		const uint32_t bits = (uint32_t)wire_number(bytes);
		float small;

		memcpy(&small, &bits, sizeof(small));
		value = (double)small;
	} else if (bytes.len == sizeof(double)) {
		const uint64_t bits = wire_number(bytes);

		memcpy(&value, &bits, sizeof(value));
	} else {
		return false;
	}
	if (!isfinite(value))
		return false;
	struct json json = json_into(out);
	json_double(&json, value);
	return true;
}

/* RFC 7011 6.1.5. */
static bool put_boolean(struct strbuf *out, struct slice bytes)
{
	if (bytes.len != 1 || (bytes.ptr[0] != 1 && bytes.ptr[0] != 2))
		return false;
	strbuf_add_str(out, bytes.ptr[0] == 1 ? "true" : "false");
	return true;
}

/* ---- text and addresses ----------------------------------------------------------------- */

static bool put_string(struct strbuf *out, struct slice bytes)
{
	while (bytes.len > 0 && bytes.ptr[bytes.len - 1] == '\0')
		bytes.len--;
	strbuf_add_byte(out, '"');
	json_escape(out, bytes);
	strbuf_add_byte(out, '"');
	return true;
}

static bool put_mac(struct strbuf *out, struct slice bytes)
{
	if (bytes.len != MAC_SIZE)
		return false;
	for (size_t i = 0; i < MAC_SIZE; i++) {
		const char text[] = {i == 0 ? '"' : ':',
			digits[(unsigned char)bytes.ptr[i] >> 4], digits[bytes.ptr[i] & 15]};

		strbuf_add(out, slice_of(text, sizeof(text)));
	}
	strbuf_add_byte(out, '"');
	return true;
}

static bool put_address(struct strbuf *out, struct slice bytes, size_t size)
{
	struct netaddr address = {0, UINT64_C(0xffff) << 32};
	char text[NETADDR_TEXT_MAX + 2];

	if (bytes.len != size)
		return false;
	if (size == 4) {
		address.low |= wire_number(bytes);
	} else {
		address.high = wire_number(slice_head(bytes, 8));
		address.low = wire_number(slice_from(bytes, 8));
	}
	text[0] = '"';
	const size_t len = netaddr_format(&address, text + 1);
	text[len + 1] = '"';
	strbuf_add(out, slice_of(text, len + 2));
	return true;
}

/* ---- moments ------------------------------------------------------------------------------
 */

static bool put_moment(struct strbuf *out, int64_t ns, unsigned n_digits)
{
	char text[CLOCK_TEXT_MAX];

	strbuf_add_byte(out, '"');
	strbuf_add_str(out, clock_format_utc(ns, n_digits, text));
	strbuf_add_byte(out, '"');
	return true;
}

/* Numbers beyond the calendar stay numbers. */
static bool put_since_1970(
	struct strbuf *out, struct slice bytes, int64_t unit_ns, unsigned n_digits)
{
	if (!is_number(bytes))
		return false;

	const uint64_t number = wire_number(bytes);
	if (number > (uint64_t)(INT64_MAX / unit_ns)) {
		strbuf_add_u64(out, number);
		return true;
	}
	return put_moment(out, (int64_t)number * unit_ns, n_digits);
}

/* RFC 7011 6.1.9: NTP's seconds since 1900, from 2036 on again from 0 (RFC 4330 3), and their
 * fraction. */
static bool put_since_1900(
	struct strbuf *out, struct slice bytes, int64_t unit_ns, unsigned n_digits)
{
	enum { ERA_BITS = 32 };
	const int64_t to_1970 = INT64_C(2208988800);

	if (bytes.len != NUMBER_SIZE_MAX)
		return false;

	int64_t seconds = (int64_t)wire_number(slice_head(bytes, 4));
	const uint64_t fraction = wire_number(slice_from(bytes, 4));
	int64_t ns = (int64_t)(fraction * (uint64_t)CLOCK_NS_PER_S >> ERA_BITS);

	if (seconds < INT64_C(1) << (ERA_BITS - 1))
		seconds += INT64_C(1) << ERA_BITS;
	ns -= ns % unit_ns;
	return put_moment(out, (seconds - to_1970) * CLOCK_NS_PER_S + ns, n_digits);
}

/* ---- lists --------------------------------------------------------------------------------
 */

/* The length of a variable one stands before it: RFC 7011 7. */
static bool take_item(struct slice *rest, uint16_t len, struct slice *item)
{
	uint16_t size = len;
	uint8_t small;

	if (len == UINT16_MAX) {
		if (!wire_u8(rest, &small))
			return false;
		size = small;
		if (small == UINT8_MAX && !wire_u16(rest, &size))
			return false;
	}
	return wire_take(rest, size, item);
}

static bool put_items(
	struct strbuf *out, enum element_type type, uint16_t len, struct slice rest)
{
	struct slice item;
	bool first = true;

	strbuf_add_byte(out, '[');
	while (rest.len > 0) {
		if (!take_item(&rest, len, &item))
			return false;
		if (!first)
			strbuf_add_byte(out, ',');
		first = false;
		value_put(out, type, item);
	}
	strbuf_add_byte(out, ']');
	return true;
}

/* Lists within lists stay bytes. */
static bool is_list(enum element_type type)
{
	return type == ELEMENT_BASIC_LIST || type == ELEMENT_TEMPLATE_LIST ||
	       type == ELEMENT_TEMPLATE_MULTI_LIST;
}

static bool put_list(struct strbuf *out, struct slice bytes)
{
	const size_t start = out->len;
	uint8_t semantic;
	uint16_t number, len;
	uint32_t enterprise = 0;

	if (bytes.len < LIST_HEAD || !wire_u8(&bytes, &semantic) ||
		!wire_u16(&bytes, &number) || !wire_u16(&bytes, &len))
		return false;
	if ((number & ENTERPRISE_BIT) && !wire_u32(&bytes, &enterprise))
		return false;
	const struct element *element = enterprise == 0 ? element_find(number) : NULL;
	const enum element_type type =
		element != NULL && !is_list(element->type) ? element->type : ELEMENT_OCTETS;
	if (len > 0 && put_items(out, type, len, bytes))
		return true;
	strbuf_cut(out, start);
	return false;
}

/* False when the length is none of the type. */
static bool put_typed(struct strbuf *out, enum element_type type, struct slice bytes)
{
	switch (type) {
	case ELEMENT_UNSIGNED:
		if (!is_number(bytes))
			return false;
		strbuf_add_u64(out, wire_number(bytes));
		return true;
	case ELEMENT_SIGNED:
		return put_signed(out, bytes);
	case ELEMENT_FLOAT:
		return put_float(out, bytes);
	case ELEMENT_BOOLEAN:
		return put_boolean(out, bytes);
	case ELEMENT_MAC:
		return put_mac(out, bytes);
	case ELEMENT_STRING:
		return put_string(out, bytes);
	case ELEMENT_SECONDS:
		return put_since_1970(out, bytes, CLOCK_NS_PER_S, 0);
	case ELEMENT_MILLISECONDS:
		return put_since_1970(out, bytes, CLOCK_NS_PER_MS, 3);
	case ELEMENT_MICROSECONDS:
		return put_since_1900(out, bytes, 1000, 6);
	case ELEMENT_NANOSECONDS:
		return put_since_1900(out, bytes, 1, 9);
	case ELEMENT_IPV4:
		return put_address(out, bytes, 4);
	case ELEMENT_IPV6:
		return put_address(out, bytes, 16);
	case ELEMENT_BASIC_LIST:
		return put_list(out, bytes);
	case ELEMENT_OCTETS:
	case ELEMENT_TEMPLATE_LIST:
	case ELEMENT_TEMPLATE_MULTI_LIST:
		break;
	}
	return false;
}

void value_put(struct strbuf *out, enum element_type type, struct slice bytes)
{
	if (!put_typed(out, type, bytes))
		value_put_hex(out, bytes);
}
