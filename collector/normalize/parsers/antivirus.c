/*
 * antivirus - detections as names and values in any spelling, Vietnamese too: what BKAV, CMC
 *and others send when an operator writes the line himself
 *
 *	Tên máy: MAY-01; Tên virus: W32.Sality.PE; Đường dẫn: D:\a.exe; Kết quả: Đã diệt
 *	TenMay=MAY-01|TenVirus=W32.Sality.PE|DuongDan=D:\a.exe|HanhDong=Cach ly
 *
 * The names are those of antivirus_names.def; a value goes on until the next of them. Names and
 * values are parted by ':' or '=', pairs by '|', ';', a tab, or a comma.
 */
#include "collector/normalize/families/antivirus.h"
#include "collector/normalize/text/stamp.h"

enum { NAME_MAX_BYTES = 40, KNOWN_MIN = 3, PIECES_MAX = 256 };

/* "Tên máy: MAY-01": a known name, and what stands behind it. */
static bool cut_name(struct slice piece, struct pair *pair)
{
	size_t at = 0;

	while (at < piece.len && at <= NAME_MAX_BYTES && piece.ptr[at] != ':' &&
		piece.ptr[at] != '=')
		at++;
	if (at == piece.len || at > NAME_MAX_BYTES)
		return false;
	pair->name = slice_trim(slice_head(piece, at));
	pair->value = slice_trim(slice_from(piece, at + 1));
	pair->hash = name_hash(pair->name);
	return antivirus_knows(pair);
}

static bool is_quoted(struct slice text)
{
	return text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
}

static void add_pair(struct pairs *pairs, struct slice name, struct slice value)
{
	value = slice_trim(value);
	if (is_quoted(value))
		value = slice_of(value.ptr + 1, value.len - 2);
	pairs_add(pairs, name, value);
}

/* How many known names there are; the pieces of a value with the separator in it are one. */
static unsigned read_pairs(struct pairs *pairs, struct slice text, char separator)
{
	struct pair pair = {.name = SLICE_NONE}, next;
	struct slice rest = text, piece;
	unsigned n = 0, pieces = 0;

	pairs_reset(pairs, text, PAIRS_NOTHING);
	while (pieces++ < PIECES_MAX && slice_cut(&rest, separator, &piece)) {
		if (cut_name(slice_trim(piece), &next)) {
			if (n++ > 0)
				add_pair(pairs, pair.name, pair.value);
			pair = next;
		} else if (n > 0) {
			pair.value.len = (size_t)(piece.ptr + piece.len - pair.value.ptr);
		}
	}
	if (n > 0)
		add_pair(pairs, pair.name, pair.value);
	return n;
}

static bool read_best(struct pairs *pairs, struct slice text)
{
	static const char separators[] = {'|', ';', '\t', ','};

	for (size_t i = 0; i < ARRAY_LEN(separators); i++) {
		if (read_pairs(pairs, text, separators[i]) >= KNOWN_MIN)
			return true;
	}
	return false;
}

/* "07/03/2026 10:00" is a day in March wherever people write Vietnamese. */
static struct slice month_first(struct parse_context *context, struct slice time)
{
	char *to;

	if (time.len < 10 || time.ptr[2] != '/' || time.ptr[5] != '/' ||
		(to = arena_alloc(context->arena, time.len)) == NULL)
		return time;
	memcpy(to, time.ptr + 6, 4);
	to[4] = '-';
	memcpy(to + 5, time.ptr + 3, 2);
	to[7] = '-';
	memcpy(to + 8, time.ptr, 2);
	memcpy(to + 10, time.ptr + 10, time.len - 10);
	return slice_of(to, time.len);
}

static void put_time(struct record *record, struct parse_context *context)
{
	static const struct slice names[] = {{SLICE_BYTES("Thời gian")},
		{SLICE_BYTES("ThoiGian")}, {SLICE_BYTES("thoi_gian")},
		{SLICE_BYTES("Thoi gian")}};
	int64_t ns;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct slice time = pairs_get(context->pairs, names[i]);

		if (slice_absent(time))
			continue;
		time = month_first(context, time);
		if (take_stamp_any(&time, context, &ns))
			record->created_ns = ns;
		return;
	}
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	const struct antivirus_source unknown = {.vendor = SLICE_NONE};
	struct slice text = slice_trim(context->message);
	struct pair first;

	if (!cut_name(text, &first) || !read_best(context->pairs, text) ||
		!antivirus_put_pairs(record, context, &unknown))
		return context->named ? PARSED_PARTLY : PARSED_NOT_MINE;
	put_time(record, context);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_antivirus = {
	.number = 155,
	.roles = PARSER_ENVELOPE | PARSER_ANY_PROGRAM,
	.name = "antivirus",
	.module = "antivirus",
	.summary = "malware detections as names and values, in Vietnamese or English",
	.source = "collector/normalize/families/antivirus_names.def",
	.parse = parse,
};
