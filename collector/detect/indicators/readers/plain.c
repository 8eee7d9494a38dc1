/*
 * Plain lists: one indicator a line.
 *
 *	# a comment, also "; ..." and "// ..."
 *	evil[.]example        # behind a blank a comment may follow
 *	198.51.100.7 5        or a number, as of ipsum
 *	0.0.0.0 evil.example  a line of a hosts file
 *	||evil.example^       a line of an ad blocker
 */
#include "collector/detect/indicators/reader.h"

static bool is_comment(struct slice line)
{
	return line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';' ||
	       slice_starts(line, SLICE_LIT("//"));
}

static struct slice trim(struct slice text)
{
	while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ')
		text.len--;
	while (text.len > 0 && (unsigned char)text.ptr[0] <= ' ')
		text = slice_from(text, 1);
	return text;
}

static struct slice take_word(struct slice *line)
{
	struct slice word;
	size_t len = 0;

	while (len < line->len && line->ptr[len] != ' ' && line->ptr[len] != '\t')
		len++;
	word = slice_head(*line, len);
	*line = trim(slice_from(*line, len));
	return word;
}

static bool is_sink(struct slice word)
{
	return slice_eq(word, SLICE_LIT("0.0.0.0")) || slice_eq(word, SLICE_LIT("127.0.0.1")) ||
	       slice_eq(word, SLICE_LIT("::")) || slice_eq(word, SLICE_LIT("::1"));
}

static bool is_number(struct slice text)
{
	uint64_t number;

	return slice_to_u64(text, UINT64_MAX, &number);
}

static struct slice without_frame(struct slice word)
{
	if (!slice_starts(word, SLICE_LIT("||")))
		return word;
	word = slice_from(word, 2);
	return slice_ends(word, SLICE_LIT("^")) ? slice_head(word, word.len - 1) : word;
}

static void read_line(struct reading *reading, struct pos at, struct slice line,
	const struct indicator_fact *fact)
{
	struct slice rest = line, word = take_word(&rest);

	if (is_sink(word) && !is_comment(rest))
		word = take_word(&rest);
	if (is_comment(rest) || is_number(rest))
		(void)reading_add(reading, at, INDICATOR_ANY, without_frame(word), fact);
	else
		reading_refuse(reading, at, "%s: more than one word", MISTAKE_TEXT(line));
}

void plain_read_lines(
	struct reading *reading, struct slice text, const struct indicator_fact *fact)
{
	struct slice line;

	for (unsigned number = 1; slice_cut(&text, '\n', &line); number++) {
		struct pos at = {.line = number};

		line = trim(line);
		if (!is_comment(line))
			read_line(reading, at, line, fact);
	}
}

static bool is_mine(const struct feed *feed)
{
	return feed->root == NULL;
}

static void read_plain(struct reading *reading, const struct feed *feed)
{
	struct indicator_fact fact = reading_fact(reading);

	plain_read_lines(reading, feed->text, &fact);
}

const struct indicator_reader reader_plain = {
	"plain", "one indicator a line", is_mine, read_plain};
