/*
 * A list, a NUL, names and values of an event ("name=value" lines): nothing of both ends the
 * program, and what was loaded is read as itself again and found where it stands.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector/detect/indicators/indicators.h"
#include "common/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES_MAX = 64 };

static struct indicators *load(struct slice text, struct strbuf *mistakes)
{
	struct indicators_settings settings = indicators_settings_standard();
	struct indicator_list list = {.name = "",
		.format = "auto",
		.class_name = "",
		.confidence = CONFIDENCE_OF_LIST};
	struct indicators *indicators;
	struct err err;
	char path[64];
	int fd = memfd_create("list", MFD_CLOEXEC);

	if (fd < 0 || !file_write_all(fd, text.ptr, text.len))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	list.path = path;
	settings.lists = (struct setting_sections){&list, 1};
	settings.public_suffixes = "";
	indicators = indicators_load(&settings, NULL, 0, mistakes, &err);
	close(fd);
	return indicators;
}

static void match(struct indicators *indicators, struct slice text)
{
	struct indicator_value values[VALUES_MAX];
	struct indicator_matches matches;
	struct slice line;
	size_t n = 0;

	while (n < VALUES_MAX && slice_cut(&text, '\n', &line)) {
		values[n].value = line;
		(void)slice_cut(&values[n].value, '=', &values[n].name);
		if (slice_absent(values[n].value))
			values[n].value = values[n].name;
		n++;
	}
	indicators_match_values(indicators, values, n, 1, &matches);
	assert(matches.n <= INDICATOR_MATCHES_MAX);
}

/* Its own text is read as the same indicator. */
static void read_again(const struct indicator_view *view)
{
	struct strbuf text = STRBUF_INIT(2 * INDICATOR_TEXT_MAX);
	struct indicator_key key;

	indicator_show(view->type, view->bytes, &text);
	if (indicator_read(view->type, strbuf_slice(&text), &key) == NULL)
		assert(key.type == view->type &&
			slice_eq(indicator_key_bytes(&key), view->bytes));
	strbuf_done(&text);
}

static void find_again(struct indicators *indicators, const struct indicator_view *view)
{
	struct strbuf text = STRBUF_INIT(INDICATOR_TEXT_MAX);
	struct indicator_value value = {.name = SLICE_LIT("dns.question.name")};
	struct indicator_matches matches;

	if (view->type == INDICATOR_ADDRESS)
		value.name = SLICE_LIT("source.ip");
	else if (view->type != INDICATOR_DOMAIN)
		return;
	indicator_show(view->type, view->bytes, &text);
	value.value = strbuf_slice(&text);
	indicators_match_values(indicators, &value, 1, 1, &matches);
	assert(matches.n + matches.suppressed + matches.expired > 0);
	strbuf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(size ? (const char *)data : "", size), list;
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct indicators *indicators;

	(void)slice_cut(&rest, '\0', &list);
	indicators = load(list, &mistakes);
	if (indicators != NULL) {
		size_t n = indicators_figures(indicators).loaded;

		for (size_t i = 0; i < n; i++) {
			struct indicator_view view = indicators_view(indicators, i);

			read_again(&view);
			find_again(indicators, &view);
		}
		if (!slice_absent(rest))
			match(indicators, rest);
	}
	indicators_unref(indicators);
	strbuf_done(&mistakes);
	return 0;
}
