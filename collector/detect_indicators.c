#include "collector/detect_indicators.h"

#include <stdio.h>
#include <stdlib.h>

#include "collector/detect/sigma/json_event.h"
#include "common/clock.h"
#include "common/conf.h"
#include "common/json.h"

enum {
	VALUES_MAX = 4000,     /* of one event that are looked at */
	NAMES_MAX = 256 << 10, /* bytes of their names */
	MISTAKES_SIZE = 64 << 20,
};

/* ---- loading -------------------------------------------------------------------- */

/* Lists of the settings and of the command line, one behind the other. */
static struct indicator_list *join_lists(
	const struct setting_sections *written, const char *const *paths, size_t n_paths)
{
	struct indicator_list *lists = calloc(written->n + n_paths + 1, sizeof(*lists));

	if (lists == NULL)
		abort();
	if (written->n > 0)
		memcpy(lists, written->items, written->n * sizeof(*lists));
	for (size_t i = 0; i < n_paths; i++)
		lists[written->n + i] = (struct indicator_list){.path = paths[i],
			.name = "",
			.format = "auto",
			.class_name = "",
			.confidence = CONFIDENCE_OF_LIST};
	return lists;
}

static struct indicators *load(struct indicators_settings settings, const char *const *paths,
	size_t n_paths, struct err *err)
{
	struct strbuf mistakes = STRBUF_INIT(MISTAKES_SIZE);
	struct indicator_list *lists = join_lists(&settings.lists, paths, n_paths);
	struct indicators *indicators;

	settings.lists.items = lists;
	settings.lists.n += n_paths;
	indicators = indicators_load(&settings, NULL, clock_wall_ns(), &mistakes, err);
	fputs(strbuf_cstr(&mistakes), stderr);
	strbuf_done(&mistakes);
	free(lists);
	return indicators;
}

bool detect_indicators_load(const struct arguments *arguments, const char *const *paths,
	size_t n_paths, struct indicators **indicators, struct err *err)
{
	const char *file = arguments_text(arguments, "indicators-settings");
	struct indicators_settings settings = indicators_settings_standard();
	struct strbuf mistakes = STRBUF_INIT(1 << 20);
	struct conf *conf = NULL;
	bool fine = true;

	*indicators = NULL;
	if (file != NULL) {
		settings = (struct indicators_settings){0};
		conf = conf_load(file, indicators_settings_table, &settings, &mistakes);
		fputs(strbuf_cstr(&mistakes), stderr);
		fine = conf != NULL || err_set(err, "%s has mistakes", file);
	}
	if (fine && (file != NULL || n_paths > 0)) {
		*indicators = load(settings, paths, n_paths, err);
		fine = *indicators != NULL;
	}
	conf_free(conf);
	strbuf_done(&mistakes);
	return fine;
}

/* ---- events ---------------------------------------------------------------------- */

struct event_values {
	struct indicator_value items[VALUES_MAX];
	size_t n;
	char names[NAMES_MAX];
	size_t names_len;
};

static void add_value(
	void *user, const struct json_event_walk *walk, struct slice name, struct slice value)
{
	struct event_values *values = user;
	char *copy = values->names + values->names_len;

	(void)walk;
	if (values->n == VALUES_MAX || name.len > NAMES_MAX - values->names_len)
		return;
	memcpy(copy, name.ptr, name.len);
	values->names_len += name.len;
	values->items[values->n++] = (struct indicator_value){slice_of(copy, name.len), value};
}

static void put_match(const struct indicator_match *match, uint64_t line, struct strbuf *out)
{
	const struct indicator_view *indicator = &match->indicator;
	struct strbuf text = STRBUF_INIT(INDICATOR_TEXT_MAX);
	struct json json = json_into(out);

	indicator_show(indicator->type, indicator->bytes, &text);
	json_object(&json);
	json_put_u64(&json, "line", line);
	json_put_str(&json, "rule", "indicator");
	json_put_text(&json, "indicator", strbuf_slice(&text));
	json_put_str(&json, "type", indicator_type_name(indicator->type));
	json_put_text(&json, "field", match->field);
	json_put_text(&json, "value", match->value);
	json_put_text(&json, "source", indicator->source);
	if (indicator->label.len > 0)
		json_put_text(&json, "label", indicator->label);
	json_put_u64(&json, "confidence", indicator->confidence);
	if (indicator->attack == CLASS_NONE)
		json_put_text(&json, "class", SLICE_NONE);
	else
		json_put_str(&json, "class", attack_class_name(indicator->attack));
	if (indicator->seen_s != 0)
		json_put_time(
			&json, "first_seen", (int64_t)indicator->seen_s * CLOCK_NS_PER_S, 0);
	if (indicator->until_s != 0)
		json_put_time(
			&json, "valid_until", (int64_t)indicator->until_s * CLOCK_NS_PER_S, 0);
	json_object_end(&json);
	strbuf_add_byte(out, '\n');
	strbuf_done(&text);
}

size_t detect_indicators_event(
	struct indicators *indicators, yyjson_val *root, uint64_t line, struct strbuf *out)
{
	static _Thread_local struct event_values values;
	static _Thread_local struct indicator_matches matches;

	values.n = values.names_len = 0;
	(void)json_event_each(root, add_value, &values);
	indicators_match_values(
		indicators, values.items, values.n, clock_wall_ns() / CLOCK_NS_PER_S, &matches);
	for (size_t i = 0; i < matches.n; i++)
		put_match(&matches.items[i], line, out);
	return matches.n;
}

static void tell_warnings(const struct warning_lists *lists)
{
	for (uint32_t i = 0; i < warning_lists_count(lists); i++) {
		struct warning_list_figures figures = warning_list_figures(lists, i);

		if (figures.hits > 0)
			fprintf(stderr, "%llu hits suppressed by warning list: %.*s\n",
				(unsigned long long)figures.hits, SLICE_FMT(figures.name));
	}
}

void detect_indicators_tell(const struct indicators *indicators)
{
	struct indicators_figures figures = indicators_figures(indicators);

	fprintf(stderr,
		"%zu indicators, %zu of them suppressed by %zu warning lists; %.1f MiB\n",
		figures.loaded, figures.suppressed,
		warning_lists_count(indicators_warning_lists(indicators)),
		(double)figures.memory / (1 << 20));
	tell_warnings(indicators_warning_lists(indicators));
}
