#include "collector/ingest/http/http_items.h"

void http_items_init(struct http_items *items, size_t max, enum http_items_of of)
{
	*items = (struct http_items){
		.max = max,
		.kind = of == ITEMS_OF_JSON    ? ITEMS_UNKNOWN
			: of == ITEMS_OF_LINES ? ITEMS_LINES
					       : ITEMS_ALL,
		.number = 1,
	};
	strbuf_init(&items->held, max);
}

void http_items_done(struct http_items *items)
{
	strbuf_done(&items->held);
}

size_t http_items_held(const struct http_items *items)
{
	return items->whole > 0 ? items->held.len : 0;
}

/* ---- one item ------------------------------------------------------------------- */

/* As far as there is room for it. */
static void hold(struct http_items *items, struct slice bytes)
{
	const size_t room = items->max - items->held.len;

	strbuf_add(&items->held, slice_head(bytes, bytes.len < room ? bytes.len : room));
	items->whole += bytes.len;
}

static struct slice cut(struct slice bytes, size_t max)
{
	return bytes.len > max ? slice_head(bytes, max) : bytes;
}

/* `last`: the bytes that end it. In one piece they are given without being copied. */
static struct http_item end_item(struct http_items *items, struct slice last)
{
	struct http_item item = {.number = items->number};

	if (items->whole > 0) {
		hold(items, last);
		item.bytes = strbuf_slice(&items->held);
		item.whole = items->whole;
	} else {
		item.bytes = cut(last, items->max);
		item.whole = last.len;
	}
	items->whole = 0;
	items->number++;
	return item;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void drop_blanks_behind(struct http_item *item)
{
	while (item->whole == item->bytes.len && item->whole > 0 &&
		is_blank(item->bytes.ptr[item->bytes.len - 1])) {
		item->bytes.len--;
		item->whole--;
	}
}

static struct slice without_blanks_before(struct slice bytes)
{
	size_t n = 0;

	while (n < bytes.len && is_blank(bytes.ptr[n]))
		n++;
	return slice_from(bytes, n);
}

/* ---- lines -------------------------------------------------------------------------- */

static void drop_cr(struct http_item *item)
{
	if (item->whole == item->bytes.len && slice_ends(item->bytes, SLICE_LIT("\r"))) {
		item->bytes.len--;
		item->whole--;
	}
}

static enum http_items_got next_line(
	struct http_items *items, struct slice *bytes, struct http_item *item)
{
	while (bytes->len > 0) {
		const size_t at = slice_find(*bytes, '\n');
		const struct slice part = slice_head(*bytes, at);

		if (items->whole == 0)
			strbuf_reset(&items->held);
		if (at == bytes->len) {
			hold(items, part);
			*bytes = slice_from(*bytes, at);
			break;
		}
		*bytes = slice_from(*bytes, at + 1);
		*item = end_item(items, part);
		drop_cr(item);
		if (item->whole > 0)
			return ITEMS_ITEM;
	}
	return ITEMS_MORE;
}

/* ---- an array ------------------------------------------------------------------------ */

/* False: the byte ends the element, and is no part of it. */
static bool is_within(struct http_items *items, char byte)
{
	if (items->in_escape) {
		items->in_escape = false;
	} else if (items->in_string) {
		items->in_escape = byte == '\\';
		items->in_string = byte != '"';
	} else if (byte == '"') {
		items->in_string = true;
	} else if (byte == '{' || byte == '[') {
		items->depth++;
	} else if (items->depth == 0) {
		return byte != ',' && byte != ']';
	} else if (byte == '}' || byte == ']') {
		items->depth--;
	}
	return true;
}

static enum http_items_got next_element(
	struct http_items *items, struct slice *bytes, struct http_item *item)
{
	while (bytes->len > 0) {
		size_t n = 0;

		if (items->whole == 0)
			*bytes = without_blanks_before(*bytes);
		while (n < bytes->len && is_within(items, bytes->ptr[n]))
			n++;
		const struct slice part = slice_head(*bytes, n);
		if (n == bytes->len) {
			hold(items, part);
			*bytes = slice_from(*bytes, n);
			break;
		}
		if (bytes->ptr[n] == ']')
			items->kind = ITEMS_BEHIND;
		*bytes = slice_from(*bytes, n + 1);
		*item = end_item(items, part);
		drop_blanks_behind(item);
		if (item->whole > 0)
			return ITEMS_ITEM;
		if (items->kind == ITEMS_BEHIND)
			break;
	}
	return ITEMS_MORE;
}

/* ---- objects -------------------------------------------------------------------------- */

enum verdict { GOES_ON, ENDS_WITH_IT, ENDS_BEFORE_IT };

/* Behind a colon, and in an array. A comma at depth 1 is the object's own, and wants a name
 * behind it; whose a deeper one is, is not known. */
static bool has_place_for_object(const struct http_items *items)
{
	return items->last == ':' || items->last == '[' ||
	       (items->last == ',' && items->depth > 1);
}

/* What the next byte is to an object, or to a line between objects, whose depth is 0. A string
 * has no line feed (RFC 8259 §7): a damaged one ends with its line. */
static enum verdict judge_byte(struct http_items *items, char byte, bool is_first)
{
	const bool at_line = items->at_line;

	items->at_line = false;
	if (is_first) {
		items->depth = byte == '{';
		items->in_string = items->in_escape = false;
		items->last = byte;
		return GOES_ON;
	}
	if (items->depth == 0)
		return byte == '\n' ? ENDS_BEFORE_IT : GOES_ON;
	if (at_line && byte == '{')
		return ENDS_BEFORE_IT;
	if (byte == '\n') {
		items->at_line = items->in_string || !has_place_for_object(items);
		items->in_string = items->in_escape = false;
		return GOES_ON;
	}
	if (!is_blank(byte))
		items->last = items->in_string ? '"' : byte;
	(void)is_within(items, byte);
	return items->depth == 0 ? ENDS_WITH_IT : GOES_ON;
}

static enum http_items_got next_object(
	struct http_items *items, struct slice *bytes, struct http_item *item)
{
	enum verdict verdict = GOES_ON;
	size_t n = 0;

	if (items->whole == 0)
		*bytes = without_blanks_before(*bytes);
	while (n < bytes->len && verdict == GOES_ON) {
		verdict = judge_byte(items, bytes->ptr[n], items->whole + n == 0);
		n += verdict != ENDS_BEFORE_IT;
	}
	const struct slice part = slice_head(*bytes, n);
	*bytes = slice_from(*bytes, n);
	if (verdict == GOES_ON) {
		hold(items, part);
		return ITEMS_MORE;
	}
	*item = end_item(items, part);
	drop_blanks_behind(item);
	return ITEMS_ITEM;
}

/* ---- all of it ------------------------------------------------------------------------- */

static enum http_items_got take_all(struct http_items *items, struct slice *bytes)
{
	if (items->whole == 0)
		*bytes = without_blanks_before(*bytes);
	for (size_t i = 0; i < bytes->len; i++)
		items->blanks = is_blank(bytes->ptr[i]) ? items->blanks + 1 : 0;
	hold(items, *bytes);
	*bytes = slice_from(*bytes, bytes->len);
	return ITEMS_MORE;
}

/* ---- the walk -------------------------------------------------------------------------- */

static void decide(struct http_items *items, struct slice *bytes)
{
	*bytes = without_blanks_before(*bytes);
	if (bytes->len == 0)
		return;
	items->kind = bytes->ptr[0] == '['   ? ITEMS_ARRAY
		      : bytes->ptr[0] == '{' ? ITEMS_OBJECTS
					     : ITEMS_LINES;
	if (items->kind == ITEMS_ARRAY)
		*bytes = slice_from(*bytes, 1);
}

enum http_items_got http_items_next(
	struct http_items *items, struct slice *bytes, struct http_item *item)
{
	enum http_items_got got = ITEMS_MORE;

	if (items->whole == 0)
		strbuf_reset(&items->held);
	if (items->kind == ITEMS_UNKNOWN)
		decide(items, bytes);
	if (items->kind == ITEMS_LINES)
		return next_line(items, bytes, item);
	if (items->kind == ITEMS_OBJECTS)
		return next_object(items, bytes, item);
	if (items->kind == ITEMS_ALL)
		return take_all(items, bytes);
	if (items->kind == ITEMS_ARRAY)
		got = next_element(items, bytes, item);
	if (items->kind == ITEMS_BEHIND && got == ITEMS_MORE) {
		*bytes = without_blanks_before(*bytes);
		return bytes->len > 0 ? ITEMS_BROKEN : ITEMS_MORE;
	}
	return got;
}

enum http_items_got http_items_end(struct http_items *items, struct http_item *item)
{
	if (items->kind == ITEMS_ARRAY)
		return ITEMS_BROKEN;
	if (items->kind == ITEMS_BEHIND || items->whole == 0)
		return ITEMS_MORE;
	*item = end_item(items, slice_of("", 0));
	if (items->kind == ITEMS_ALL) {
		item->whole -= items->blanks;
		item->bytes = cut(item->bytes, (size_t)item->whole);
	} else if (items->kind == ITEMS_OBJECTS) {
		drop_blanks_behind(item);
	} else {
		drop_cr(item);
	}
	return item->whole > 0 ? ITEMS_ITEM : ITEMS_MORE;
}
