#include "common/reading.h"

#include "common/strbuf.h"

#define ZONE    "zone="
#define CHARSET "charset="

static void add_attribute(struct strbuf *text, const char *name, struct slice value)
{
	if (value.len == 0)
		return;
	strbuf_add_byte(text, ';');
	strbuf_add_str(text, name);
	strbuf_add(text, value);
}

bool reading_write(const struct reading *reading, char word[CHUNK_WORD_MAX + 1])
{
	struct strbuf text = STRBUF_INIT(CHUNK_WORD_MAX);

	strbuf_add(&text, reading->format);
	add_attribute(&text, ZONE, reading->zone);
	add_attribute(&text, CHARSET, reading->charset);
	bool fits = !text.overflow;
	if (fits) {
		memcpy(word, strbuf_slice(&text).ptr, text.len);
		word[text.len] = '\0';
	}
	strbuf_done(&text);
	return fits;
}

static bool take(struct slice part, struct slice name, struct slice *value)
{
	if (!slice_starts(part, name))
		return false;
	*value = slice_from(part, name.len);
	return true;
}

struct reading reading_read(struct slice word)
{
	struct reading reading = {SLICE_LIT(""), SLICE_LIT(""), SLICE_LIT("")};
	struct slice rest = word, part;

	if (!slice_cut(&rest, ';', &reading.format))
		reading.format = SLICE_LIT("");
	while (slice_cut(&rest, ';', &part)) {
		if (!take(part, SLICE_LIT(ZONE), &reading.zone))
			(void)take(part, SLICE_LIT(CHARSET), &reading.charset);
	}
	return reading;
}
