#include "collector/normalize/text/rows.h"

#include "collector/normalize/text/extract.h"
#include "common/fold.h"

static const char dividers[] = {',', ';', '\t', '|'};

/* The divider that stands most often outside of quotes. */
static char divider_of(struct slice header)
{
	size_t n[ARRAY_LEN(dividers)] = {0}, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < header.len; i++) {
		quoted = quoted != (header.ptr[i] == '"');
		for (size_t k = 0; !quoted && k < ARRAY_LEN(dividers); k++)
			n[k] += header.ptr[i] == dividers[k];
	}
	for (size_t k = 1; k < ARRAY_LEN(dividers); k++) {
		if (n[k] > n[best])
			best = k;
	}
	return dividers[best];
}

/* One value, of a quoted one the inside with its doubled quotes; false behind the last, or when
 * a quote has no end. */
static bool take_value(struct slice *rest, char divider, struct slice *value)
{
	struct slice quoted;
	size_t at = 0;

	if (slice_absent(*rest))
		return false;
	quoted = *rest;
	if (divider != '\t')
		skip_blanks(&quoted);
	if (!skip_byte(&quoted, '"'))
		return slice_cut(rest, divider, value);
	for (;;) {
		at += slice_find(slice_from(quoted, at), '"');
		if (at == quoted.len)
			return false;
		if (at + 1 == quoted.len || quoted.ptr[at + 1] != '"')
			break;
		at += 2;
	}
	*value = slice_head(quoted, at);
	*rest = slice_from(quoted, at + 1);
	skip_blanks(rest);
	if (rest->len == 0)
		*rest = SLICE_NONE;
	else if (!skip_byte(rest, divider))
		return false;
	return true;
}

static struct slice without_mark(struct slice text)
{
	(void)skip_lit(&text, "\xef\xbb\xbf");
	return text;
}

static bool is_letter(char byte)
{
	return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || (unsigned char)byte >= 0x80;
}

static bool is_name_byte(char byte)
{
	return is_letter(byte) || is_digit(byte) || strchr(" _-.()/#%&'", byte) != NULL;
}

/* "Event Time (UTC)", "src_ip", "Thời gian" */
static bool is_name(struct slice text)
{
	text = slice_trim(text);
	if (text.len == 0 || text.len > ROWS_NAME_MAX ||
		!(is_letter(text.ptr[0]) || text.ptr[0] == '_' || text.ptr[0] == '#'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\0' || !is_name_byte(text.ptr[i]))
			return false;
	}
	return true;
}

bool rows_is_header(struct slice line)
{
	struct slice rest = without_mark(line), name;
	char divider = divider_of(rest);
	unsigned n = 0;

	while (n <= ROWS_COLUMNS_MAX && take_value(&rest, divider, &name)) {
		if (!is_name(name))
			return false;
		n++;
	}
	return n >= 3 && n <= ROWS_COLUMNS_MAX && slice_absent(rest);
}

/* "Event Time (UTC)" -> "event_time_utc", "Địa chỉ IP" -> "dia_chi_ip" */
static size_t write_name(struct slice name, char *to)
{
	char folded[ROWS_NAME_MAX];
	size_t len = 0;
	bool gap = false;

	name = slice_head(name, name.len < ROWS_NAME_MAX ? name.len : ROWS_NAME_MAX);
	size_t n = fold_text(name, folded);
	for (size_t i = 0; i < n; i++) {
		bool is_word = is_letter(folded[i]) || is_digit(folded[i]);

		if (is_word && gap && len > 0)
			to[len++] = '_';
		gap = !is_word;
		if (is_word)
			to[len++] = folded[i];
	}
	return len;
}

bool rows_have(struct slice header, struct slice name)
{
	struct slice rest = without_mark(header), one;
	char divider = divider_of(rest), plain[ROWS_NAME_MAX];

	while (take_value(&rest, divider, &one)) {
		if (slice_eq(slice_of(plain, write_name(one, plain)), name))
			return true;
	}
	return false;
}

static struct slice plain_name(struct parse_context *context, struct slice name)
{
	char *text = arena_alloc(context->arena, ROWS_NAME_MAX);

	if (text == NULL) {
		context->full = true;
		return SLICE_LIT("");
	}
	return slice_of(text, write_name(name, text));
}

/* Doubled quotes made one, in the arena. */
static struct slice undoubled(struct parse_context *context, struct slice text)
{
	struct slice copy;
	size_t len = 0;

	if (slice_search(text, SLICE_LIT("\"\"")) == text.len)
		return text;
	copy = arena_copy(context->arena, text);
	if (slice_absent(copy)) {
		context->full = true;
		return text;
	}
	char *at = (char *)(uintptr_t)copy.ptr;
	for (size_t i = 0; i < text.len; i++) {
		at[len++] = text.ptr[i];
		i += text.ptr[i] == '"' && i + 1 < text.len && text.ptr[i + 1] == '"';
	}
	return slice_head(copy, len);
}

bool rows_read(struct parse_context *context, struct slice header, struct slice row)
{
	struct slice names = without_mark(header), name, value;
	char divider = divider_of(names);

	pairs_reset(context->pairs, SLICE_NONE, PAIRS_NOTHING);
	while (take_value(&names, divider, &name)) {
		if (!take_value(&row, divider, &value))
			return false;
		value = slice_trim(value);
		if (value.len > 0 && !slice_eq(value, SLICE_LIT("-")))
			pairs_add(context->pairs, plain_name(context, name),
				undoubled(context, value));
	}
	/* Some exports end each row with a divider. */
	return slice_absent(row) || slice_trim(row).len == 0;
}

bool rows_is_open(struct slice row)
{
	bool open = false;

	for (size_t at = 0; row.len <= ROWS_TEXT_MAX && at < row.len; at++) {
		at += slice_find(slice_from(row, at), '"');
		open = open != (at < row.len);
	}
	return open;
}
