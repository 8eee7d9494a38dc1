#include "agent/inputs/source_word.h"

#include "common/charset.h"
#include "common/reading.h"
#include "common/zone.h"

bool source_word_make(const char *format, const char *zone, const char *charset,
	struct source_word *word, struct err *err)
{
	char rule[ZONE_RULE_MAX] = "";

	if (zone[0] != '\0' && !zone_find(zone, rule, err))
		return err_within(err, "zone");

	enum charset known;

	if (charset[0] != '\0' && !charset_by_name(slice_str(charset), &known))
		return err_set(err, "there is no character set '%s'", charset);

	const struct reading reading = {slice_str(format), slice_str(rule), slice_str(charset)};
	return reading_write(&reading, word->text) ||
	       err_set(err, "format, zone and charset are longer than %d bytes together",
		       CHUNK_WORD_MAX);
}

bool source_words_make(const char *format, const char *zone, const char *charset,
	struct source_words *words, struct err *err)
{
	words->declared = CHARSET_UTF_8;
	(void)!charset_by_name(slice_str(charset), &words->declared);
	return source_word_make(format, zone, charset, &words->of[WORD_DECLARED], err) &&
	       source_word_make(format, zone, charset_name(CHARSET_UTF_16LE),
		       &words->of[WORD_UTF_16LE], err) &&
	       source_word_make(format, zone, charset_name(CHARSET_UTF_16BE),
		       &words->of[WORD_UTF_16BE], err);
}
