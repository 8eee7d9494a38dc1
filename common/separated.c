#include "common/separated.h"

static const char dividers[] = {',', ';', '\t', '|'};

char separated_divider(struct slice first)
{
	size_t n[ARRAY_LEN(dividers)] = {0}, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < first.len; i++) {
		quoted = quoted != (first.ptr[i] == '"');
		for (size_t k = 0; !quoted && k < ARRAY_LEN(dividers); k++)
			n[k] += first.ptr[i] == dividers[k];
	}
	for (size_t k = 1; k < ARRAY_LEN(dividers); k++) {
		if (n[k] > n[best])
			best = k;
	}
	return dividers[best];
}

static bool skip(struct slice *rest, char byte)
{
	if (rest->len == 0 || rest->ptr[0] != byte)
		return false;
	*rest = slice_from(*rest, 1);
	return true;
}

static void skip_blanks(struct slice *rest)
{
	while (skip(rest, ' '))
		;
}

/* Where the quote ends whose inside is at the start of `text`; text.len when it does not. */
static size_t find_end(struct slice text)
{
	size_t at = slice_find(text, '"');

	while (at + 1 < text.len && text.ptr[at + 1] == '"') {
		at += 2;
		at += slice_find(slice_from(text, at), '"');
	}
	return at;
}

bool separated_take(struct slice *rest, char divider, struct slice *value)
{
	struct slice quoted = *rest;

	if (slice_absent(*rest))
		return false;
	if (divider != '\t')
		skip_blanks(&quoted);
	if (!skip(&quoted, '"'))
		return slice_cut(rest, divider, value);

	const size_t end = find_end(quoted);
	if (end == quoted.len)
		return false;
	*value = slice_head(quoted, end);
	*rest = slice_from(quoted, end + 1);
	skip_blanks(rest);
	if (rest->len > 0)
		return skip(rest, divider);
	*rest = SLICE_NONE;
	return true;
}

struct slice separated_without_mark(struct slice text)
{
	const struct slice mark = SLICE_LIT("\xef\xbb\xbf");

	return slice_starts(text, mark) ? slice_from(text, mark.len) : text;
}

static bool is_name_byte(char byte)
{
	return separated_is_letter(byte) || (byte >= '0' && byte <= '9') ||
	       (byte != '\0' && strchr(" _-.()/#%&'", byte) != NULL);
}

/* "Event Time (UTC)", "src_ip", "Thời gian" */
static bool is_name(struct slice text)
{
	text = slice_trim(text);
	if (text.len == 0 || text.len > SEPARATED_NAME_MAX ||
		!(separated_is_letter(text.ptr[0]) || text.ptr[0] == '_' || text.ptr[0] == '#'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!is_name_byte(text.ptr[i]))
			return false;
	}
	return true;
}

bool separated_names(struct slice line)
{
	struct slice rest = separated_without_mark(line), name;
	const char divider = separated_divider(rest);
	unsigned n = 0;

	while (n <= SEPARATED_COLUMNS_MAX && separated_take(&rest, divider, &name)) {
		if (!is_name(name))
			return false;
		n++;
	}
	return n >= 3 && n <= SEPARATED_COLUMNS_MAX && slice_absent(rest);
}
