#include "collector/normalize/text/rows.h"

#include "collector/normalize/text/extract.h"
#include "common/fold.h"

/* "Event Time (UTC)" -> "event_time_utc", "Địa chỉ IP" -> "dia_chi_ip" */
static size_t write_name(struct slice name, char *to)
{
	char folded[ROWS_NAME_MAX];
	size_t len = 0;
	bool gap = false;

	name = slice_head(name, name.len < ROWS_NAME_MAX ? name.len : ROWS_NAME_MAX);
	size_t n = fold_text(name, folded);
	for (size_t i = 0; i < n; i++) {
		bool is_word = separated_is_letter(folded[i]) || is_digit(folded[i]);

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
	struct slice rest = separated_without_mark(header), one;
	char divider = separated_divider(rest), plain[ROWS_NAME_MAX];

	while (separated_take(&rest, divider, &one)) {
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

struct slice rows_undoubled(struct parse_context *context, struct slice text)
{
	return unescaped(context, text, '"', "\"\"");
}

bool rows_read(struct parse_context *context, struct slice header, struct slice row)
{
	struct slice names = separated_without_mark(header), name, value;
	char divider = separated_divider(names);

	pairs_reset(context->pairs, SLICE_NONE, PAIRS_NOTHING);
	while (separated_take(&names, divider, &name)) {
		if (!separated_take(&row, divider, &value))
			return false;
		value = slice_trim(value);
		if (value.len > 0 && !slice_eq(value, SLICE_LIT("-")))
			pairs_add(context->pairs, plain_name(context, name),
				rows_undoubled(context, value));
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
