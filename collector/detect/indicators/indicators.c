#include "collector/detect/indicators/indicators.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include <xxhash.h>

#include "collector/detect/indicators/feed_files.h"
#include "collector/detect/indicators/holding.h"
#include "collector/detect/indicators/reader.h"
#include "collector/detect/indicators/words.h"
#include "common/clock.h"

struct loading {
	struct indicators *indicators;
	const struct indicator_list *list; /* NULL: of warning lists */
	struct strbuf *mistakes;
	int64_t now_s;
};

/* ---- sources ---------------------------------------------------------------------- */

static struct indicator_source *source_by_name(struct indicators *indicators, struct slice name)
{
	struct indicator_source *source;

	for (size_t i = 0; i < indicators->n_sources; i++) {
		if (slice_eq(slice_str(indicators->sources[i].name), name))
			return &indicators->sources[i];
	}
	/* the last one takes what is beyond */
	if (indicators->n_sources == INDICATOR_SOURCES_MAX)
		return &indicators->sources[INDICATOR_SOURCES_MAX - 1];
	source = &indicators->sources[indicators->n_sources++];
	source->name = strndup(name.ptr, name.len);
	if (source->name == NULL)
		abort();
	return source;
}

/* Of settings, or the reader's layout, or the name of the path. */
static struct slice source_name(
	const struct loading *loading, const struct indicator_reader *reader)
{
	struct slice path;

	if (loading->list == NULL || reader == &reader_warning_list)
		return SLICE_LIT("warning lists");
	if (loading->list->name[0] != '\0')
		return slice_str(loading->list->name);
	if (reader == &reader_maltrail)
		return SLICE_LIT("maltrail");
	path = slice_str(loading->list->path);
	while (path.len > 1 && slice_ends(path, SLICE_LIT("/")))
		path.len--;
	return feed_stem(path);
}

/* ---- files ------------------------------------------------------------------------- */

/* Where a text stops being JSON. */
static struct pos pos_of(struct slice text, size_t at)
{
	struct pos pos = {.line = 1, .column = 1};

	for (size_t i = 0; i < at && i < text.len; i++) {
		pos.column = text.ptr[i] == '\n' ? 1 : pos.column + 1;
		pos.line += text.ptr[i] == '\n';
	}
	return pos;
}

static bool looks_like_json(struct slice text)
{
	size_t at = 0;

	while (at < text.len && (unsigned char)text.ptr[at] <= ' ')
		at++;
	return at < text.len && (text.ptr[at] == '{' || text.ptr[at] == '[');
}

static struct slice without_mark(struct slice text)
{
	return slice_starts(text, SLICE_LIT("\xef\xbb\xbf")) ? slice_from(text, 3) : text;
}

static struct reading reading_of(const struct loading *loading, struct slice name,
	struct mistakes *mistakes, int64_t written_s)
{
	struct indicators *indicators = loading->indicators;
	struct indicator_source *source = source_by_name(indicators, name);
	const struct indicator_list *list = loading->list;
	struct reading reading = {.table = indicators->table,
		.warnings = indicators->warnings,
		.suffixes = indicators->suffixes,
		.mistakes = mistakes,
		.counts = &source->counts,
		.standard = {.source = (uint32_t)(source - indicators->sources),
			.confidence = CONFIDENCE_STANDARD},
		.now_s = loading->now_s,
		.file_s = written_s};

	source->files++;
	if (list == NULL)
		return reading;
	reading.ttl_s = (int64_t)(list->ttl_ms / 1000);
	reading.standard.attack = indicator_class_of(slice_str(list->class_name));
	if (list->confidence <= 100) {
		reading.confidence_fixed = true;
		reading.standard.confidence = (uint8_t)list->confidence;
	}
	return reading;
}

static void refuse_file(const struct loading *loading, struct mistakes *mistakes, struct pos at,
	const char *why)
{
	struct slice name = source_name(loading, NULL);

	mistake_add(mistakes, at, "%s", why);
	source_by_name(loading->indicators, name)->counts.refused++;
}

static void read_feed(const struct loading *loading, const struct feed *feed,
	struct mistakes *mistakes, int64_t written_s)
{
	const char *format = loading->list ? loading->list->format : "auto";
	const struct indicator_reader *reader = reader_find(slice_str(format), feed);
	struct indicator_source *source;
	struct reading reading;

	if (reader == NULL || (loading->list == NULL && reader != &reader_warning_list)) {
		refuse_file(loading, mistakes, (struct pos){0},
			loading->list ? "in no format that is known" : "no warning list");
		return;
	}
	if (reader == &reader_misp_hashes)
		return;
	reading = reading_of(loading, source_name(loading, reader), mistakes, written_s);
	source = &loading->indicators->sources[reading.standard.source];
	if (source->format == NULL)
		source->format = reader->name;
	reader->read(&reading, feed);
}

static void read_text(void *user, const char *path, struct slice text, int64_t written_s)
{
	const struct loading *loading = user;
	struct mistakes mistakes = mistakes_into(loading->mistakes, path);
	struct feed feed = {.path = slice_str(path), .text = without_mark(text)};
	yyjson_doc *doc = NULL;
	yyjson_read_err error = {0};

	if (memchr(text.ptr, '\0', text.len) != NULL) {
		refuse_file(loading, &mistakes, (struct pos){0}, "no text");
	} else if (looks_like_json(feed.text) && text.len > FEED_JSON_SIZE_MAX) {
		refuse_file(loading, &mistakes, (struct pos){0}, "JSON of more than 128 MiB");
	} else if (looks_like_json(feed.text)) {
		doc = yyjson_read_opts(
			(char *)(uintptr_t)feed.text.ptr, feed.text.len, 0, NULL, &error);
		feed.root = yyjson_doc_get_root(doc);
		if (doc == NULL)
			refuse_file(
				loading, &mistakes, pos_of(feed.text, error.pos), error.msg);
	}
	if (mistakes.n == 0)
		read_feed(loading, &feed, &mistakes, written_s);
	yyjson_doc_free(doc);
	(void)mistakes_end(&mistakes);
}

/* ---- warnings ------------------------------------------------------------------------ */

static bool add_own(
	struct indicators *indicators, const struct setting_texts *own, struct err *err)
{
	uint32_t list;

	if (own->n == 0)
		return true;
	list = warning_lists_begin(indicators->warnings, SLICE_LIT("own networks and domains"),
		WARNING_HOSTNAME, WARNING_ALL | WARNING_PAGES);
	for (size_t i = 0; i < own->n; i++) {
		const char *why = list == UINT32_MAX ? "too many lists"
						     : warning_lists_add(indicators->warnings,
							       list, slice_str(own->items[i]));

		if (why != NULL)
			return err_set(
				err, "own %s: %s", MISTAKE_TEXT(slice_str(own->items[i])), why);
	}
	return true;
}

static void judge(struct indicators *indicators)
{
	struct indicator_table *table = indicators->table;

	for (size_t i = 0; i < indicator_table_count(table); i++) {
		struct indicator_entry *entry = indicator_table_entry(table, i);
		enum indicator_type type = indicator_entry_type(table, entry);
		uint32_t list = warning_lists_cover(
			indicators->warnings, type, indicator_entry_bytes(table, entry));

		indicators->by_type[type]++;
		if (list == WARNING_NONE)
			continue;
		entry->list = (list + 1) & 0x7ff;
		warning_list_count_covered(indicators->warnings, list);
		indicators->suppressed++;
	}
}

/* ---- loading ------------------------------------------------------------------------- */

static bool read_lists(
	struct loading *loading, const struct indicators_settings *settings, struct err *err)
{
	const struct indicator_list *lists = settings->lists.items;

	for (size_t i = 0; i < settings->lists.n; i++) {
		loading->list = &lists[i];
		if (!feed_files_read(lists[i].path, read_text, loading, loading->mistakes, err))
			return false;
	}
	loading->list = NULL;
	for (size_t i = 0; i < settings->warning_lists.n; i++) {
		if (!feed_files_read(settings->warning_lists.items[i], read_text, loading,
			    loading->mistakes, err))
			return false;
	}
	return true;
}

static bool check_lists(const struct indicators_settings *settings, struct err *err)
{
	const struct indicator_list *lists = settings->lists.items;
	struct feed none = {.path = SLICE_LIT(""), .text = SLICE_LIT("")};

	for (size_t i = 0; i < settings->lists.n; i++) {
		struct slice class_name = slice_str(lists[i].class_name);

		if (reader_find(slice_str(lists[i].format), &none) == NULL)
			return err_set(err, "%s: there is no format %s", lists[i].path,
				MISTAKE_TEXT(slice_str(lists[i].format)));
		if (class_name.len > 0 && indicator_class_of(class_name) == CLASS_NONE)
			return err_set(err, "%s: there is no class %s", lists[i].path,
				MISTAKE_TEXT(class_name));
	}
	return true;
}

/* The built-in suffixes do where the file is not there: nobody wrote its name. */
static struct suffixes *load_suffixes(const char *path, struct strbuf *mistakes)
{
	return suffixes_load(access(path, R_OK) == 0 ? path : "", mistakes);
}

static uint64_t mark_text(const char *text, uint64_t before)
{
	return XXH3_64bits_withSeed(text, strlen(text) + 1, before);
}

static uint64_t mark_list(const struct indicator_list *list, uint64_t before)
{
	uint64_t numbers[] = {list->confidence, list->ttl_ms};
	uint64_t mark = feed_files_mark(list->path, before);

	mark = mark_text(list->name, mark);
	mark = mark_text(list->format, mark);
	mark = mark_text(list->class_name, mark);
	return XXH3_64bits_withSeed(numbers, sizeof(numbers), mark);
}

/* Of all that decides what is loaded, but for the time. */
static uint64_t mark_of(const struct indicators_settings *settings)
{
	const struct indicator_list *lists = settings->lists.items;
	uint64_t numbers[] = {settings->indicators_max, settings->memory_max, settings->lists.n,
		settings->own.n};
	uint64_t mark = XXH3_64bits(numbers, sizeof(numbers));

	for (size_t i = 0; i < settings->lists.n; i++)
		mark = mark_list(&lists[i], mark);
	for (size_t i = 0; i < settings->warning_lists.n; i++)
		mark = feed_files_mark(settings->warning_lists.items[i], mark);
	for (size_t i = 0; i < settings->own.n; i++)
		mark = mark_text(settings->own.items[i], mark);
	return feed_files_mark(settings->public_suffixes, mark);
}

struct indicators *indicators_load(const struct indicators_settings *settings,
	struct indicators *before, int64_t now_ns, struct strbuf *mistakes, struct err *err)
{
	struct loading loading = {.mistakes = mistakes, .now_s = now_ns / CLOCK_NS_PER_S};
	uint64_t mark = mark_of(settings);
	struct indicators *indicators;
	bool fine;

	if (before != NULL && before->mark == mark)
		return indicators_ref(before);
	loading.indicators = indicators = calloc(1, sizeof(*indicators));
	if (indicators == NULL)
		abort();
	indicators->refs = 1;
	indicators->mark = mark;
	indicators->sources = calloc(INDICATOR_SOURCES_MAX, sizeof(*indicators->sources));
	indicators->warnings = warning_lists_new();
	indicators->table = indicator_table_new(
		(struct table_limits){settings->indicators_max, settings->memory_max});
	indicators->suffixes = load_suffixes(settings->public_suffixes, mistakes);
	if (indicators->sources == NULL)
		abort();
	fine = indicators->suffixes != NULL
		       ? check_lists(settings, err) &&
				 add_own(indicators, &settings->own, err) &&
				 read_lists(&loading, settings, err)
		       : err_set(err, "%s is no list of public suffixes",
				 settings->public_suffixes);
	warning_lists_finish(indicators->warnings);
	judge(indicators);
	indicator_table_finish(indicators->table);
	if (fine)
		return indicators;
	indicators_unref(indicators);
	return NULL;
}

struct indicators *indicators_ref(struct indicators *indicators)
{
	if (indicators != NULL)
		atomic_fetch_add_explicit(&indicators->refs, 1, memory_order_relaxed);
	return indicators;
}

void indicators_unref(struct indicators *indicators)
{
	if (indicators == NULL ||
		atomic_fetch_sub_explicit(&indicators->refs, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < indicators->n_sources; i++)
		free(indicators->sources[i].name);
	free(indicators->sources);
	indicator_table_free(indicators->table);
	warning_lists_free(indicators->warnings);
	suffixes_free(indicators->suffixes);
	free(indicators);
}

/* ---- figures -------------------------------------------------------------------------- */

size_t indicators_sources(const struct indicators *indicators)
{
	return indicators->n_sources;
}

struct indicator_source_figures indicators_source(
	const struct indicators *indicators, size_t number)
{
	const struct indicator_source *source = &indicators->sources[number];

	assert(number < indicators->n_sources);
	return (struct indicator_source_figures){slice_str(source->name),
		slice_str(source->format ? source->format : ""), source->files, source->counts};
}

struct indicators_figures indicators_figures(const struct indicators *indicators)
{
	struct indicators_figures figures = {.loaded = indicator_table_count(indicators->table),
		.suppressed = indicators->suppressed,
		.memory = indicator_table_memory(indicators->table) +
			  warning_lists_memory(indicators->warnings),
		.matches = atomic_load_explicit(&indicators->matches, memory_order_relaxed),
		.expired = atomic_load_explicit(&indicators->expired, memory_order_relaxed)};

	memcpy(figures.by_type, indicators->by_type, sizeof(figures.by_type));
	return figures;
}

const struct warning_lists *indicators_warning_lists(const struct indicators *indicators)
{
	return indicators->warnings;
}

struct indicator_view indicator_view_of(
	const struct indicators *indicators, const struct indicator_entry *entry)
{
	const struct indicator_table *table = indicators->table;
	const struct indicator_origin *origin = indicator_entry_origin(table, entry);

	return (struct indicator_view){.type = indicator_entry_type(table, entry),
		.bytes = indicator_entry_bytes(table, entry),
		.source = slice_str(indicators->sources[origin->source].name),
		.label = indicator_origin_label(table, origin),
		.attack = (enum attack_class)origin->attack,
		.confidence = origin->confidence,
		.seen_s = entry->seen_s,
		.until_s = entry->until_s,
		.warning_list = entry->list == 0 ? WARNING_NONE : entry->list - 1u};
}

struct indicator_view indicators_view(const struct indicators *indicators, size_t i)
{
	return indicator_view_of(indicators, indicator_table_entry(indicators->table, i));
}
