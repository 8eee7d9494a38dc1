#include "common/markup.h"

#include <assert.h>

#include "common/utf8.h"

static bool broken(struct markup *xml, const char *why)
{
	xml->trouble = why;
	return false;
}

/* ---- characters ------------------------------------------------------------------ */

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool starts_name(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
	       (unsigned char)byte >= 0x80;
}

static bool is_in_name(char byte)
{
	return starts_name(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.';
}

static int digit_value(char byte, unsigned base)
{
	const char low = (char)(byte | 0x20);

	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return base == 16 && low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* "13", "x0D": a character of Unicode but NUL. */
static uint32_t numbered(struct slice number)
{
	const unsigned base =
		number.len > 0 && (number.ptr[0] == 'x' || number.ptr[0] == 'X') ? 16 : 10;
	uint32_t character = 0;

	for (size_t i = base == 16; i < number.len; i++) {
		const int value = digit_value(number.ptr[i], base);

		if (value < 0 || character > 0x10ffff)
			return 0;
		character = character * base + (uint32_t)value;
	}
	return character <= 0x10ffff && (character < 0xd800 || character > 0xdfff) ? character
										   : 0;
}

uint32_t markup_character(struct slice reference)
{
	static const struct {
		struct slice name;
		char byte;
	} known[] = {
		{{SLICE_BYTES("lt")}, '<'},
		{{SLICE_BYTES("gt")}, '>'},
		{{SLICE_BYTES("amp")}, '&'},
		{{SLICE_BYTES("quot")}, '"'},
		{{SLICE_BYTES("apos")}, '\''},
	};

	if (reference.len > MARKUP_REFERENCE_MAX)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_eq(known[i].name, reference))
			return (uint32_t)known[i].byte;
	}
	return reference.len > 1 && reference.ptr[0] == '#' ? numbered(slice_from(reference, 1))
							    : 0;
}

size_t markup_put_utf8(char *to, uint32_t character)
{
	const size_t width = character < 0x80      ? 1
			     : character < 0x800   ? 2
			     : character < 0x10000 ? 3
						   : 4;
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = width - 1; i > 0; i--, character >>= 6)
		to[i] = (char)(0x80 | (character & 0x3f));
	to[0] = (char)(marks[width] | character);
	return width;
}

/* The reference at the start of `rest`, which is behind its '&', and moves behind its ';'; 0:
 * it is none. */
static uint32_t take_reference(struct slice *rest)
{
	const size_t most = MARKUP_REFERENCE_MAX + 1;
	const struct slice start = slice_head(*rest, rest->len < most ? rest->len : most);
	const size_t len = slice_find(start, ';');

	if (len == start.len)
		return 0;
	*rest = slice_from(*rest, len + 1);
	return markup_character(slice_head(start, len));
}

bool markup_decode(struct slice written, struct strbuf *out)
{
	const size_t before = out->len;
	struct slice part;

	while (slice_cut(&written, '&', &part)) {
		char bytes[4];

		strbuf_add(out, part);
		if (slice_absent(written))
			break;
		const uint32_t character = take_reference(&written);
		if (character == 0) {
			strbuf_cut(out, before);
			return false;
		}
		strbuf_add(out, slice_of(bytes, markup_put_utf8(bytes, character)));
	}
	return true;
}

static const char *escaped(char byte)
{
	switch (byte) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	case '\r':
		return "&#13;";
	default:
		return (unsigned char)byte < 0x20 && byte != '\t' && byte != '\n'
			       ? "\xef\xbf\xbd"
			       : NULL;
	}
}

void markup_escape(struct strbuf *out, struct slice text)
{
	while (text.len > 0) {
		const char *const instead = escaped(text.ptr[0]);
		const size_t width = utf8_width(text);

		if (instead != NULL)
			strbuf_add_str(out, instead);
		else if (width == 0)
			strbuf_add_str(out, "\xef\xbf\xbd");
		else
			strbuf_add(out, slice_head(text, width));
		text = slice_from(text, width == 0 ? 1 : width);
	}
}

/* Every '&' begins a reference. */
static bool is_decodable(struct slice written)
{
	struct slice part;

	while (slice_cut(&written, '&', &part)) {
		if (!slice_absent(written) && take_reference(&written) == 0)
			return false;
	}
	return true;
}

/* ---- names and attributes ----------------------------------------------------------- */

struct qualified {
	struct slice whole, prefix, local;
};

static void skip_blanks(struct slice *rest)
{
	while (rest->len > 0 && is_blank(rest->ptr[0]))
		*rest = slice_from(*rest, 1);
}

static bool take_part(struct slice *rest, struct slice *part)
{
	size_t len = 0;

	while (len < rest->len && is_in_name(rest->ptr[len]))
		len++;
	if (len == 0 || !starts_name(rest->ptr[0]))
		return false;
	*part = slice_head(*rest, len);
	*rest = slice_from(*rest, len);
	return true;
}

/* "local" or "prefix:local". */
static bool take_name(struct slice *rest, struct qualified *name)
{
	const char *const start = rest->ptr;

	name->prefix = SLICE_LIT("");
	if (!take_part(rest, &name->local))
		return false;
	if (rest->len > 0 && rest->ptr[0] == ':') {
		name->prefix = name->local;
		*rest = slice_from(*rest, 1);
		if (!take_part(rest, &name->local))
			return false;
	}
	name->whole = slice_of(start, (size_t)(rest->ptr - start));
	return true;
}

static bool take_equals(struct slice *rest)
{
	skip_blanks(rest);
	if (rest->len == 0 || rest->ptr[0] != '=')
		return false;
	*rest = slice_from(*rest, 1);
	skip_blanks(rest);
	return true;
}

static bool take_value(struct slice *rest, struct slice *value)
{
	if (rest->len == 0 || (rest->ptr[0] != '"' && rest->ptr[0] != '\''))
		return false;
	const struct slice inside = slice_from(*rest, 1);
	const size_t len = slice_find(inside, rest->ptr[0]);
	if (len == inside.len)
		return false;
	*value = slice_head(inside, len);
	*rest = slice_from(inside, len + 1);
	return slice_find(*value, '<') == value->len;
}

/* The next one of a tag; blanks stand before it. False when there is none, or it is broken. */
static bool take_attribute(struct slice *rest, struct qualified *name, struct slice *value)
{
	if (rest->len == 0 || !is_blank(rest->ptr[0]))
		return false;
	skip_blanks(rest);
	return take_name(rest, name) && take_equals(rest) && take_value(rest, value);
}

struct slice markup_attribute(const struct markup *xml, struct slice name)
{
	struct slice rest = xml->attributes, value;
	struct qualified found;

	while (take_attribute(&rest, &found, &value)) {
		if (slice_eq(found.local, name) && !slice_eq(found.prefix, SLICE_LIT("xmlns")))
			return value;
	}
	return SLICE_NONE;
}

/* ---- namespaces -------------------------------------------------------------------- */

static bool bind_space(struct markup *xml, struct slice prefix, struct slice uri)
{
	if (xml->n_spaces == MARKUP_SPACES_MAX)
		return broken(xml, "too many namespaces");
	if (uri.len == 0 && prefix.len > 0)
		return broken(xml, "a prefix is bound to nothing");
	xml->spaces[xml->n_spaces++] = (struct markup_space){prefix, uri, xml->depth};
	return true;
}

static bool find_space(const struct markup *xml, struct slice prefix, struct slice *uri)
{
	for (unsigned i = xml->n_spaces; i > 0; i--) {
		if (slice_eq(xml->spaces[i - 1].prefix, prefix)) {
			*uri = xml->spaces[i - 1].uri;
			return true;
		}
	}
	*uri = SLICE_LIT("");
	return prefix.len == 0 || slice_eq(prefix, SLICE_LIT("xml"));
}

static bool has_name(const struct slice *names, unsigned n, struct slice name)
{
	for (unsigned i = 0; i < n; i++) {
		if (slice_eq(names[i], name))
			return true;
	}
	return false;
}

/* An attribute that binds a prefix does; of the others the prefix is looked at when all are
 * bound. */
static bool take_binding(struct markup *xml, const struct qualified *name, struct slice value)
{
	if (slice_eq(name->prefix, SLICE_LIT("xmlns")))
		return bind_space(xml, name->local, value);
	if (name->prefix.len == 0 && slice_eq(name->local, SLICE_LIT("xmlns")))
		return bind_space(xml, SLICE_LIT(""), value);
	return true;
}

/* All of a tag, up to where it ends with '>' or '/'. */
static bool take_attributes(struct markup *xml, struct slice *rest)
{
	struct slice names[MARKUP_ATTRIBUTES_MAX], value, ahead = *rest;
	struct qualified name;
	unsigned n = 0;

	while (take_attribute(&ahead, &name, &value)) {
		if (n == MARKUP_ATTRIBUTES_MAX)
			return broken(xml, "too many attributes");
		if (has_name(names, n, name.whole))
			return broken(xml, "an attribute is there twice");
		if (!is_decodable(value))
			return broken(xml, "an entity that is none");
		names[n++] = name.whole;
		if (!take_binding(xml, &name, value))
			return false;
		*rest = ahead;
	}
	skip_blanks(rest);
	if (rest->len == 0 || (rest->ptr[0] != '>' && rest->ptr[0] != '/'))
		return broken(xml, "a tag that is none");
	return true;
}

static bool prefixes_are_bound(struct markup *xml)
{
	struct slice rest = xml->attributes, value, uri;
	struct qualified name;

	while (take_attribute(&rest, &name, &value)) {
		if (name.prefix.len > 0 && !slice_eq(name.prefix, SLICE_LIT("xmlns")) &&
			!find_space(xml, name.prefix, &uri))
			return broken(xml, "a prefix that is not bound");
	}
	return true;
}

/* ---- what there is --------------------------------------------------------------------- */

static struct slice rest_of(const struct markup *xml)
{
	return slice_from(xml->text, xml->at);
}

static void go_to(struct markup *xml, struct slice rest)
{
	xml->at = xml->text.len - rest.len;
}

/* Puts the names of the element that is open deepest. */
static bool name_element(struct markup *xml, const struct qualified *name)
{
	xml->name = name->local;
	return find_space(xml, name->prefix, &xml->space) ||
	       broken(xml, "a prefix that is not bound");
}

static enum markup_got end_element(struct markup *xml)
{
	xml->depth--;
	while (xml->n_spaces > 0 && xml->spaces[xml->n_spaces - 1].depth > xml->depth)
		xml->n_spaces--;
	return MARKUP_END;
}

static bool open_tag(struct markup *xml, struct slice rest)
{
	struct qualified name;

	if (xml->depth == 0 && xml->has_root)
		return broken(xml, "more than one document");
	if (xml->depth == MARKUP_DEPTH_MAX)
		return broken(xml, "too deep");
	if (!take_name(&rest, &name))
		return broken(xml, "a tag that is none");
	xml->has_root = true;
	xml->open[xml->depth++] = name.whole;
	xml->attributes = rest;
	if (!take_attributes(xml, &rest))
		return false;
	xml->attributes = slice_head(xml->attributes, (size_t)(rest.ptr - xml->attributes.ptr));
	xml->is_empty = rest.ptr[0] == '/';
	if (xml->is_empty && (rest.len < 2 || rest.ptr[1] != '>'))
		return broken(xml, "a tag that is none");
	go_to(xml, slice_from(rest, xml->is_empty ? 2 : 1));
	return prefixes_are_bound(xml) && name_element(xml, &name);
}

static bool close_tag(struct markup *xml, struct slice rest)
{
	struct qualified name;

	if (!take_name(&rest, &name))
		return broken(xml, "a tag that is none");
	skip_blanks(&rest);
	if (rest.len == 0 || rest.ptr[0] != '>')
		return broken(xml, "a tag that is none");
	if (xml->depth == 0 || !slice_eq(xml->open[xml->depth - 1], name.whole))
		return broken(xml, "an end without its start");
	go_to(xml, slice_from(rest, 1));
	return name_element(xml, &name);
}

/* Behind "<!--" or "<![CDATA[": up to what ends it, which is passed over. */
static bool take_section(struct markup *xml, struct slice start, struct slice end)
{
	const struct slice inside = slice_from(rest_of(xml), start.len);
	const size_t len = slice_search(inside, end);

	if (len == inside.len)
		return broken(xml, "a section that does not end");
	xml->content = slice_head(inside, len);
	go_to(xml, slice_from(inside, len + end.len));
	return true;
}

/* Text up to the next tag. */
static bool take_text(struct markup *xml)
{
	const struct slice rest = rest_of(xml);
	const size_t len = slice_find(rest, '<');

	xml->content = slice_head(rest, len);
	xml->is_cdata = false;
	go_to(xml, slice_from(rest, len));
	return is_decodable(xml->content) || broken(xml, "an entity that is none");
}

static bool is_all_blank(struct slice text)
{
	skip_blanks(&text);
	return text.len == 0;
}

static enum markup_got give_text(struct markup *xml, bool good)
{
	if (!good)
		return MARKUP_BROKEN;
	if (xml->depth > 0)
		return MARKUP_TEXT;
	(void)broken(xml, "text outside of the document");
	return MARKUP_BROKEN;
}

static enum markup_got finish(struct markup *xml)
{
	if (xml->depth == 0 && xml->has_root)
		return MARKUP_DONE;
	(void)broken(xml, "it ends too early");
	return MARKUP_BROKEN;
}

/* At a '<'. MARKUP_DONE: it was a comment, and says nothing. */
static enum markup_got take_markup(struct markup *xml)
{
	static const struct slice comment = {SLICE_BYTES("<!--")},
				  cdata = {SLICE_BYTES("<![CDATA[")};
	const struct slice rest = rest_of(xml);

	if (slice_starts(rest, comment))
		return take_section(xml, comment, SLICE_LIT("-->")) ? MARKUP_DONE
								    : MARKUP_BROKEN;
	if (slice_starts(rest, cdata)) {
		const bool good = take_section(xml, cdata, SLICE_LIT("]]>"));

		xml->is_cdata = true;
		return good && xml->depth > 0 && xml->content.len == 0 ? MARKUP_DONE
								       : give_text(xml, good);
	}
	if (slice_starts(rest, SLICE_LIT("</")))
		return close_tag(xml, slice_from(rest, 2)) ? end_element(xml) : MARKUP_BROKEN;
	if (slice_starts(rest, SLICE_LIT("<!")) || slice_starts(rest, SLICE_LIT("<?"))) {
		(void)broken(xml, "document types and instructions are not allowed");
		return MARKUP_BROKEN;
	}
	return open_tag(xml, slice_from(rest, 1)) ? MARKUP_START : MARKUP_BROKEN;
}

/* "<?xml version='1.0' ...?>", which only the start may have. */
static bool skip_declaration(struct markup *xml)
{
	const struct slice start = SLICE_LIT("<?xml ");

	return !slice_starts(xml->text, start) || take_section(xml, start, SLICE_LIT("?>"));
}

void markup_init(struct markup *xml, struct slice text)
{
	xml->text = text;
	xml->at = 0;
	xml->space = xml->name = xml->content = xml->attributes = SLICE_LIT("");
	xml->is_cdata = xml->is_empty = xml->has_root = false;
	xml->trouble = NULL;
	xml->depth = xml->n_spaces = 0;
	if (!utf8_valid(text))
		(void)broken(xml, "it is not UTF-8");
	else
		(void)skip_declaration(xml);
}

enum markup_got markup_next(struct markup *xml)
{
	if (xml->trouble != NULL)
		return MARKUP_BROKEN;
	if (xml->is_empty) {
		xml->is_empty = false;
		return end_element(xml);
	}
	while (xml->at < xml->text.len) {
		enum markup_got got;

		if (xml->text.ptr[xml->at] == '<') {
			got = take_markup(xml);
		} else {
			const bool good = take_text(xml);

			got = good && xml->depth == 0 && is_all_blank(xml->content)
				      ? MARKUP_DONE
				      : give_text(xml, good);
		}
		if (got != MARKUP_DONE)
			return got;
	}
	return finish(xml);
}

bool markup_is(const struct markup *xml, struct slice space, struct slice name)
{
	return slice_eq(xml->name, name) && slice_eq(xml->space, space);
}

bool markup_take_inside(struct markup *xml, struct slice *inside)
{
	const unsigned depth = xml->depth;
	const size_t start = xml->at;

	assert(depth > 0);
	while (xml->depth >= depth) {
		const size_t at = xml->at;
		const enum markup_got got = markup_next(xml);

		if (got == MARKUP_BROKEN || got == MARKUP_DONE)
			return false;
		if (xml->depth < depth)
			*inside = slice_of(xml->text.ptr + start, at - start);
	}
	return true;
}
