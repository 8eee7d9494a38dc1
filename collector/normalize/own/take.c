#include "collector/normalize/own/take.h"

#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/pairs.h"
#include "common/netaddr.h"

enum { ADDRESS_MAX = 45, PORT_MAX = 65535, NUMBER_MAX = 18 };

/* What is left of the line, and how many bytes of it were looked at. */
struct taking {
	struct slice rest;
	size_t looked;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_hex(char byte)
{
	return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

static bool is_host(char byte)
{
	return is_digit(byte) || is_letter(byte) || byte == '.' || byte == '-' || byte == '_';
}

static bool is_address(char byte)
{
	return is_hex(byte) || byte == ':' || byte == '.';
}

static bool is_dotted(char byte)
{
	return is_digit(byte) || byte == '.';
}

static size_t run_of(struct taking *taking, bool (*is)(char), size_t most)
{
	size_t n = 0;

	while (n < taking->rest.len && n < most && is(taking->rest.ptr[n]))
		n++;
	taking->looked += n;
	return n;
}

static bool take_run(struct taking *taking, bool (*is)(char), struct slice *value)
{
	size_t n = run_of(taking, is, taking->rest.len);

	*value = slice_head(taking->rest, n);
	taking->rest = slice_from(taking->rest, n);
	return n > 0;
}

/* Bytes before the text, or text.len when it is not there; an empty one is the end. */
static size_t find_stop(struct taking *taking, struct slice text, struct slice stop)
{
	size_t at = stop.len == 0 ? text.len : slice_search(text, stop);

	taking->looked += at;
	return at;
}

/* ---- words and texts ------------------------------------------------------------ */

/* No blanks, and not the text that follows in the pattern. */
static bool take_bare(struct taking *taking, struct slice stop, struct slice *value)
{
	size_t n = 0;

	while (n < taking->rest.len && !is_blank(taking->rest.ptr[n]))
		n++;
	taking->looked += n;
	/* One byte more may be part of the stop: a blank. */
	size_t with_stop = n + stop.len < taking->rest.len ? n + stop.len : taking->rest.len;
	size_t at = find_stop(taking, slice_head(taking->rest, with_stop), stop);
	n = at < n ? at : n;
	*value = slice_head(taking->rest, n);
	taking->rest = slice_from(taking->rest, n);
	return n > 0;
}

static bool take_text(struct taking *taking, struct slice stop, struct slice *value)
{
	size_t at = find_stop(taking, taking->rest, stop);

	if (stop.len > 0 && at == taking->rest.len)
		return false;
	*value = slice_head(taking->rest, at);
	taking->rest = slice_from(taking->rest, at);
	return true;
}

static bool take_text_to_last(struct taking *taking, struct slice stop, struct slice *value)
{
	struct slice after;

	taking->looked += taking->rest.len;
	if (stop.len == 0)
		return take_text(taking, stop, value);
	if (!cut_last(taking->rest, stop, value, &after))
		return false;
	taking->rest = slice_from(taking->rest, value->len);
	return true;
}

static bool take_rest(struct taking *taking, struct slice *value)
{
	*value = taking->rest;
	taking->rest = slice_from(taking->rest, taking->rest.len);
	return true;
}

static bool take_quoted(struct taking *taking, struct slice *value)
{
	struct slice rest = taking->rest;

	if (!skip_byte(&rest, '"'))
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		taking->looked++;
		if (rest.ptr[i] == '\\') {
			i++;
		} else if (rest.ptr[i] == '"') {
			*value = slice_head(rest, i);
			taking->rest = slice_from(rest, i + 1);
			return true;
		}
	}
	return false;
}

static bool take_path(struct taking *taking, struct slice stop, struct slice *value)
{
	struct slice rest = taking->rest;
	bool is_drive = rest.len > 2 && is_letter(rest.ptr[0]) && rest.ptr[1] == ':' &&
			(rest.ptr[2] == '\\' || rest.ptr[2] == '/');

	if (!is_drive && !slice_starts(rest, SLICE_LIT("/")) &&
		!slice_starts(rest, SLICE_LIT("\\\\")))
		return false;
	return take_bare(taking, stop, value);
}

static bool take_url(struct taking *taking, struct slice stop, struct slice *value)
{
	bool relative = slice_starts(taking->rest, SLICE_LIT("/"));

	if (!relative && (taking->rest.len == 0 || !is_letter(taking->rest.ptr[0])))
		return false;
	return take_bare(taking, stop, value) &&
	       (relative || slice_search(*value, SLICE_LIT("://")) < value->len);
}

/* ---- numbers -------------------------------------------------------------------- */

static bool take_number(struct taking *taking, bool has_fraction, struct slice *value)
{
	struct slice rest = taking->rest;
	size_t sign = rest.len > 0 && (rest.ptr[0] == '-' || rest.ptr[0] == '+'), n;

	taking->rest = slice_from(rest, sign);
	n = run_of(taking, is_digit, NUMBER_MAX + 1);
	taking->rest = slice_from(taking->rest, n);
	if (n == 0 || n > NUMBER_MAX)
		return false;
	if (has_fraction && taking->rest.len > 1 && taking->rest.ptr[0] == '.' &&
		is_digit(taking->rest.ptr[1])) {
		taking->rest = slice_from(taking->rest, 1);
		taking->rest =
			slice_from(taking->rest, run_of(taking, is_digit, taking->rest.len));
	}
	*value = slice_head(rest, rest.len - taking->rest.len);
	return true;
}

static bool take_port(struct taking *taking, struct slice *value)
{
	uint64_t number;
	size_t n = run_of(taking, is_digit, 6);

	*value = slice_head(taking->rest, n);
	taking->rest = slice_from(taking->rest, n);
	return slice_to_u64(*value, PORT_MAX, &number);
}

static bool take_hex(struct taking *taking, struct slice *value)
{
	struct slice rest = taking->rest;

	if (slice_starts(rest, SLICE_LIT("0x")) || slice_starts(rest, SLICE_LIT("0X")))
		taking->rest = slice_from(rest, 2);
	if (!take_run(taking, is_hex, value))
		return false;
	*value = slice_head(rest, rest.len - taking->rest.len);
	return true;
}

/* ---- addresses ------------------------------------------------------------------ */

static bool is_ip(struct slice text)
{
	struct netaddr addr;

	return netaddr_parse(text, &addr);
}

/* A point or colon behind an address belongs to the sentence. */
static bool take_address(struct taking *taking, bool (*is)(char), struct slice *value)
{
	size_t n = run_of(taking, is, ADDRESS_MAX);
	struct slice text = slice_head(taking->rest, n);

	if (n > 0 && !is_ip(text) && !is_hex(text.ptr[n - 1]))
		text.len--;
	if (!is_ip(text))
		return false;
	*value = text;
	taking->rest = slice_from(taking->rest, text.len);
	return true;
}

static bool take_bracketed(struct taking *taking, struct slice *value)
{
	struct slice rest = taking->rest, inside;
	struct slice head = slice_head(rest, rest.len < 64 ? rest.len : 64);

	taking->looked += head.len;
	if (!skip_byte(&head, '[') || !take_until(&head, ']', &inside) ||
		!is_ip(slice_head(inside, slice_find(inside, '%'))))
		return false;
	*value = inside;
	taking->rest = slice_from(rest, inside.len + 2);
	return true;
}

/* "%eth0", of an IPv6 address; no part of the value. */
static void skip_interface(struct taking *taking)
{
	struct slice name;

	if (skip_byte(&taking->rest, '%'))
		(void)take_run(taking, is_host, &name);
}

/* "192.0.2.1:443" is an address and a port, so the dotted form is asked first. */
static bool take_ip(struct taking *taking, struct slice *value)
{
	if (taking->rest.len > 0 && taking->rest.ptr[0] == '[')
		return take_bracketed(taking, value);
	if (take_address(taking, is_dotted, value))
		return true;
	if (!take_address(taking, is_address, value))
		return false;
	skip_interface(taking);
	return true;
}

static size_t group_len(struct slice text)
{
	size_t n = 0;

	while (n < text.len && n < 5 && is_hex(text.ptr[n]))
		n++;
	return n;
}

/* 00:50:56:aa:bb:cc, 00-50-..., 0050.56aa.bbcc. */
static bool take_mac(struct taking *taking, struct slice *value)
{
	struct slice rest = taking->rest;
	size_t len = group_len(rest), digits = len, at = len;
	char mark = at < rest.len ? rest.ptr[at] : '\0';

	if (len != 2 && len != 4)
		return false;
	while (digits < 12 && at < rest.len && rest.ptr[at] == mark &&
		group_len(slice_from(rest, at + 1)) == len) {
		at += 1 + len;
		digits += len;
	}
	taking->looked += at;
	if (digits != 12 || (mark != ':' && mark != '-' && mark != '.'))
		return false;
	*value = slice_head(rest, at);
	taking->rest = slice_from(rest, at);
	return true;
}

/* ---- the tails ------------------------------------------------------------------ */

static bool take_json(struct taking *taking, struct parse_context *context, struct slice *value)
{
	if (!slice_starts(taking->rest, SLICE_LIT("{")))
		return false;
	taking->looked += 2 * taking->rest.len;
	pairs_read_json(context->pairs, taking->rest, context->arena);
	return context->pairs->state != PAIRS_NOT_MINE && take_rest(taking, value);
}

static bool take_keyvalue(
	struct taking *taking, struct parse_context *context, struct slice *value)
{
	taking->looked += 2 * taking->rest.len;
	pairs_read_keyvalue(context->pairs, taking->rest, context->arena);
	return context->pairs->state != PAIRS_NOT_MINE && take_rest(taking, value);
}

/* ---- stamps and cells -------------------------------------------------------------- */

static bool take_stamp(struct taking *taking, const struct own_shape *shape,
	const struct parse_context *context, struct slice *value)
{
	struct own_moment moment = {.has = 0};
	struct slice rest = taking->rest;

	taking->looked += 32;
	if (!own_stamp_take(shape->stamp, context, &taking->rest, &moment))
		return false;
	*value = slice_head(rest, rest.len - taking->rest.len);
	return true;
}

/* "a ""quoted"" cell": the inside as it stands there. */
static bool take_quoted_cell(struct taking *taking, struct slice *value)
{
	struct slice rest = slice_from(taking->rest, 1);

	for (size_t i = 0; i < rest.len; i++) {
		taking->looked++;
		if (rest.ptr[i] != '"')
			continue;
		if (i + 1 < rest.len && rest.ptr[i + 1] == '"') {
			i++;
			continue;
		}
		*value = slice_head(rest, i);
		taking->rest = slice_from(rest, i + 1);
		return true;
	}
	return false;
}

static bool holds(const struct own_shape *cell, struct parse_context *context,
	struct slice inside, size_t *looked)
{
	struct own_shape inner = {
		.kind = cell->inner, .stamp = cell->stamp, .unit_ns = cell->unit_ns};
	struct slice value;

	if (cell->inner == OWN_LITERAL || inside.len == 0)
		return true;
	return own_take(&inner, context, &inside, &value, looked) && inside.len == 0;
}

/* Up to the delimiter, which is what follows in the pattern; an empty one is fine. */
static bool take_cell(struct taking *taking, const struct own_shape *shape,
	struct parse_context *context, struct slice *value)
{
	struct slice delimiter = shape->text;

	if (taking->rest.len > 0 && taking->rest.ptr[0] == '"') {
		if (!take_quoted_cell(taking, value))
			return false;
	} else {
		size_t at = find_stop(taking, taking->rest, delimiter);

		*value = slice_head(taking->rest, at);
		taking->rest = slice_from(taking->rest, at);
	}
	return holds(shape, context, *value, &taking->looked);
}

static bool take_value(struct taking *taking, const struct own_shape *shape,
	struct parse_context *context, struct slice *value)
{
	switch (shape->kind) {
	case OWN_BLANKS:
		return take_run(taking, is_blank, value);
	case OWN_STAMP:
		return take_stamp(taking, shape, context, value);
	case OWN_IP:
		return take_ip(taking, value);
	case OWN_MAC:
		return take_mac(taking, value);
	case OWN_PORT:
		return take_port(taking, value);
	case OWN_NUMBER:
		return take_number(taking, false, value);
	case OWN_DECIMAL:
	case OWN_DURATION:
		return take_number(taking, true, value);
	case OWN_HEX:
		return take_hex(taking, value);
	case OWN_QUOTED:
		return take_quoted(taking, value);
	case OWN_JSON:
		return take_json(taking, context, value);
	case OWN_URL:
		return take_url(taking, shape->text, value);
	case OWN_PATH:
		return take_path(taking, shape->text, value);
	case OWN_HOST:
		return take_run(taking, is_host, value);
	case OWN_CELL:
		return take_cell(taking, shape, context, value);
	case OWN_WORD:
		return take_bare(taking, shape->text, value);
	case OWN_TEXT:
	case OWN_AGENT:
		return take_text(taking, shape->text, value);
	case OWN_TEXT_LAST:
		return take_text_to_last(taking, shape->text, value);
	case OWN_KEYVALUE:
		return take_keyvalue(taking, context, value);
	case OWN_REST:
		return take_rest(taking, value);
	case OWN_LITERAL:
	case OWN_KINDS:
		break;
	}
	return false;
}

bool own_take(const struct own_shape *shape, struct parse_context *context, struct slice *rest,
	struct slice *value, size_t *work)
{
	struct taking taking = {.rest = *rest};

	*value = SLICE_NONE;
	bool taken = take_value(&taking, shape, context, value);
	*work += taking.looked;
	if (taken)
		*rest = taking.rest;
	return taken;
}

/* ---- first bytes ------------------------------------------------------------------ */

static void can_begin(bool can[256], struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		can[(unsigned char)bytes.ptr[i]] = true;
}

static bool stamp_can_begin(const struct own_stamp *stamp, bool can[256])
{
	const struct own_stamp_part *first = &stamp->parts[0];

	can_begin(can, SLICE_LIT("0123456789"));
	if (stamp->kind == OWN_STAMP_ANY)
		return false;
	if (stamp->kind != OWN_STAMP_FORM)
		return true;
	if (first->what == '\'')
		can[(unsigned char)first->byte] = true;
	return first->what != 'E' && first->what != 'a' && first->what != 'Z' &&
	       !(first->what == 'M' && first->n == 3);
}

bool own_first_bytes(const struct own_shape *shape, bool can[256])
{
	switch (shape->kind) {
	case OWN_LITERAL:
		can_begin(can, slice_head(shape->text, 1));
		return true;
	case OWN_BLANKS:
		can_begin(can, SLICE_LIT(" \t"));
		return true;
	case OWN_STAMP:
		return stamp_can_begin(shape->stamp, can);
	case OWN_IP:
	case OWN_MAC:
		can_begin(can, SLICE_LIT("0123456789abcdefABCDEF:["));
		return true;
	case OWN_PORT:
	case OWN_NUMBER:
	case OWN_DECIMAL:
	case OWN_DURATION:
		can_begin(can, SLICE_LIT("0123456789+-"));
		return true;
	case OWN_HEX:
		can_begin(can, SLICE_LIT("0123456789abcdefABCDEF"));
		return true;
	case OWN_QUOTED:
		can_begin(can, SLICE_LIT("\""));
		return true;
	case OWN_JSON:
		can_begin(can, SLICE_LIT("{"));
		return true;
	case OWN_PATH:
	case OWN_URL:
	case OWN_HOST:
	case OWN_CELL:
	case OWN_WORD:
	case OWN_TEXT:
	case OWN_TEXT_LAST:
	case OWN_AGENT:
	case OWN_KEYVALUE:
	case OWN_REST:
	case OWN_KINDS:
		break;
	}
	return false;
}
