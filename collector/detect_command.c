#include "collector/detect_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collector/detect/correlator/correlator.h"
#include "collector/detect/sigma/field_report.h"
#include "collector/detect/sigma/json_event.h"
#include "collector/detect/sigma/json_time.h"
#include "collector/detect/sigma/rule_set.h"
#include "collector/detect_indicators.h"
#include "collector/normalize_command.h"
#include "collector/normalizing.h"
#include "common/cli/arguments.h"
#include "common/json.h"
#include "common/utf8.h"

enum {
	EVENT_SIZE_MAX = 16 << 20, /* bytes of one event */
	READ_SIZE = 1 << 20,
	OUT_SIZE = 1 << 20,
	JSON_SIZE_MAX = 24 * EVENT_SIZE_MAX, /* yyjson asks for less */
	CORRELATOR_SIZE = 256 << 20,
};

/* Finds where one JSON value ends and the next begins, over any line ends. */
struct splitter {
	unsigned depth;
	bool in_text, escaped, begun;
	char last; /* byte that is no blank */
};

struct run {
	struct rule_matcher *matcher;
	struct correlator *correlator;
	int64_t time_ns; /* of the event; of the one before it where it has none */
	const struct sigma_rule *rules;
	struct indicators *indicators; /* NULL: none are looked for */
	struct strbuf in;              /* of the event that is being read, and what follows */
	struct strbuf out;
	struct strbuf json; /* memory of the document being matched */
	size_t scanned;     /* bytes of `in` that the splitter saw */
	struct splitter splitter;
	uint64_t line, begun_line; /* from 1 */
	uint64_t n_events, n_matches, n_conclusions, n_bad, n_partial, n_given_up;
	bool started; /* something was read */
	bool failed;  /* writing did */
};

/* ---- writing ------------------------------------------------------------------- */

static void flush(struct run *run)
{
	if (run->out.len > 0 && fwrite(run->out.ptr, 1, run->out.len, stdout) != run->out.len)
		run->failed = true;
	strbuf_reset(&run->out);
}

static void put_rule_name(struct json *json, const struct sigma_rule *rule)
{
	struct strbuf place = STRBUF_INIT(8192);

	if (slice_absent(rule->id)) {
		strbuf_addf(&place, "%s:%u", rule->path, rule->line);
		json_put_text(json, "rule", strbuf_slice(&place));
	} else {
		json_put_text(json, "rule", rule->id);
	}
	strbuf_done(&place);
}

static void put_head(struct run *run, struct json *json, const struct sigma_rule *rule)
{
	json_object(json);
	json_put_u64(json, "line", run->begun_line);
	put_rule_name(json, rule);
	json_put_text(json, "title", rule->title);
	json_put_text(json, "level", rule->level);
	json_key(json, SLICE_LIT("tags"));
	json_array(json);
	for (size_t i = 0; i < rule->n_tags; i++)
		json_text(json, rule->tags[i]);
	json_array_end(json);
}

static void put_end(struct run *run, struct json *json)
{
	json_object_end(json);
	strbuf_add_byte(&run->out, '\n');
	if (run->out.len > OUT_SIZE / 2)
		flush(run);
}

static void put_match(struct run *run, const struct sigma_rule *rule)
{
	struct json json = json_into(&run->out);

	put_head(run, &json, rule);
	put_end(run, &json);
	run->n_matches++;
}

static void put_group(struct json *json, const struct conclusion *conclusion)
{
	json_key(json, SLICE_LIT("group"));
	json_object(json);
	for (size_t i = 0; i < conclusion->correlation->n_group; i++) {
		json_key(json, conclusion->correlation->group_by[i]);
		json_text(json, conclusion->group[i]);
	}
	json_object_end(json);
}

static void put_lists(struct json *json, const struct conclusion *conclusion)
{
	json_key(json, SLICE_LIT("values"));
	json_array(json);
	for (size_t i = 0; i < conclusion->n_values; i++)
		json_text(json, conclusion->values[i]);
	json_array_end(json);
	json_key(json, SLICE_LIT("lines"));
	json_array(json);
	for (size_t i = 0; i < conclusion->n_evidence; i++)
		json_u64(json, conclusion->evidence[i].ref);
	json_array_end(json);
}

static void put_conclusion(void *user, const struct conclusion *conclusion)
{
	struct run *run = user;
	struct json json = json_into(&run->out);

	put_head(run, &json, &run->rules[conclusion->rule]);
	json_put_str(
		&json, "correlation", correlation_type_names[conclusion->correlation->type]);
	put_group(&json, conclusion);
	json_key(&json, SLICE_LIT("count"));
	json_double(&json, conclusion->value);
	if (conclusion->saturated)
		json_put_bool(&json, "saturated", true);
	json_put_time(&json, "first", conclusion->first_ns, 3);
	json_put_time(&json, "last", conclusion->last_ns, 3);
	put_lists(&json, conclusion);
	put_end(run, &json);
	run->n_conclusions++;
}

/* ---- events -------------------------------------------------------------------- */

static void correlate(struct run *run, yyjson_val *root, const uint32_t *matches, size_t n)
{
	struct correlator_event event = {.ref = run->begun_line,
		.value = correlator_sigma_value,
		.user = rule_matcher_event(run->matcher)};

	if (run->correlator == NULL)
		return;
	event.time_ns = run->time_ns = json_time(root, run->time_ns);
	correlator_take(run->correlator, &event, matches, n);
}

static void match_event(struct run *run, yyjson_val *root)
{
	struct sigma_event *event = rule_matcher_event(run->matcher);
	const uint32_t *matches;
	size_t n;

	sigma_event_begin(event);
	json_event_add(event, root);
	n = rule_matcher_match(run->matcher, &matches);
	for (size_t i = 0; i < n; i++) {
		if (!run->rules[matches[i]].silent)
			put_match(run, &run->rules[matches[i]]);
	}
	correlate(run, root, matches, n);
	if (run->indicators != NULL)
		run->n_matches += detect_indicators_event(
			run->indicators, root, run->begun_line, &run->out);
	if (run->out.len > OUT_SIZE / 2)
		flush(run);
	run->n_events++;
	run->n_partial += event->n_left_out > 0;
	run->n_given_up += event->n_given_up;
}

/* Documents live one at a time in the same memory, which grows to what the largest needs. */
static yyjson_doc *read_json(struct run *run, char *text, size_t len, yyjson_read_err *error)
{
	size_t room = yyjson_read_max_memory_usage(len, YYJSON_READ_NUMBER_AS_RAW);
	yyjson_alc memory;
	char *bytes;

	strbuf_reset(&run->json);
	bytes = strbuf_reserve(&run->json, room);
	if (bytes == NULL || !yyjson_alc_pool_init(&memory, bytes, room))
		abort(); /* as much as the largest event may need */
	return yyjson_read_opts(text, len, YYJSON_READ_NUMBER_AS_RAW, &memory, error);
}

/* An object is an event, a list is one of events. */
static void take_value(struct run *run, char *text, size_t len)
{
	yyjson_read_err error;
	yyjson_doc *doc = read_json(run, text, len, &error);
	yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
	yyjson_arr_iter iter;

	if (yyjson_is_obj(root)) {
		match_event(run, root);
	} else if (yyjson_is_arr(root)) {
		iter = yyjson_arr_iter_with(root);
		for (yyjson_val *one; (one = yyjson_arr_iter_next(&iter)) != NULL;) {
			if (yyjson_is_obj(one))
				match_event(run, one);
			else
				run->n_bad++;
		}
	} else {
		run->n_bad++;
		fprintf(stderr, "line %llu: no JSON event: %s\n",
			(unsigned long long)run->begun_line,
			doc ? "neither an object nor a list" : error.msg);
	}
	yyjson_doc_free(doc);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* True when the value ends with this byte. */
static bool split(struct splitter *splitter, char byte)
{
	if (splitter->in_text) {
		if (byte == '\n')
			return true; /* no text of JSON goes over lines: it was cut off */
		if (splitter->escaped)
			splitter->escaped = false;
		else if (byte == '\\')
			splitter->escaped = true;
		else
			splitter->in_text = byte != '"';
		return false;
	}
	splitter->in_text = byte == '"';
	if (!is_blank(byte))
		splitter->last = byte;
	if (byte == '{' || byte == '[')
		splitter->depth++;
	else if ((byte == '}' || byte == ']') && splitter->depth > 0)
		return --splitter->depth == 0;
	/* a value that is no object ends with its line */
	return byte == '\n' && splitter->depth == 0;
}

/* Lines from `at` on that are an object each, as most input is; where the next one begins. */
static size_t take_lines(struct run *run, size_t at)
{
	for (;;) {
		struct slice line = slice_from(strbuf_slice(&run->in), at);
		size_t end = slice_find(line, '\n');
		yyjson_read_err error;
		yyjson_doc *doc;

		if (end == line.len || line.ptr[0] != '{')
			return at;
		doc = read_json(run, run->in.ptr + at, end, &error);
		if (doc == NULL)
			return at;
		run->begun_line = run->line++;
		match_event(run, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
		at += end + 1;
	}
}

/* At a line end: the value goes on only where something must follow; an object of its own on
 * the next line says that it was cut off. */
static bool is_cut_off(const struct run *run, size_t at)
{
	const struct splitter *splitter = &run->splitter;

	return run->in.ptr[at] == '\n' && at + 1 < run->in.len && run->in.ptr[at + 1] == '{' &&
	       strchr(",[{:", splitter->last) == NULL;
}

/* What is whole in `in` is taken out of it. */
static void take_values(struct run *run)
{
	struct splitter *splitter = &run->splitter;
	size_t start = 0, at = splitter->begun ? run->scanned : take_lines(run, 0);

	for (; at < run->in.len; at++) {
		char byte = run->in.ptr[at];

		if (!splitter->begun && !is_blank(byte) && byte != ',') {
			splitter->begun = true;
			run->begun_line = run->line;
			start = at;
		}
		run->line += byte == '\n';
		if (splitter->begun && (split(splitter, byte) || is_cut_off(run, at))) {
			take_value(run, run->in.ptr + start, at + 1 - start);
			*splitter = (struct splitter){0};
		}
		if (!splitter->begun && byte == '\n')
			at = take_lines(run, at + 1) - 1;
	}
	if (!splitter->begun)
		start = at;
	memmove(run->in.ptr, run->in.ptr + start, run->in.len - start);
	strbuf_cut(&run->in, run->in.len - start);
	run->scanned = run->in.len;
}

static bool too_long(struct run *run, struct err *err)
{
	return err_set(err, "line %llu: an event of more than %d bytes",
		(unsigned long long)run->begun_line, EVENT_SIZE_MAX);
}

/* The byte order mark that Windows puts before a file. */
static void skip_mark(struct run *run)
{
	struct slice mark = SLICE_LIT("\xef\xbb\xbf");

	run->started = true;
	if (!slice_starts(strbuf_slice(&run->in), mark))
		return;
	memmove(run->in.ptr, run->in.ptr + mark.len, run->in.len - mark.len);
	strbuf_cut(&run->in, run->in.len - mark.len);
}

static bool read_events(struct run *run, int fd, struct err *err)
{
	run->line = 1;
	for (;;) {
		char *to = strbuf_reserve(&run->in, READ_SIZE);
		ssize_t n;

		if (to == NULL)
			return too_long(run, err);
		n = read(fd, to, READ_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "reading");
		if (n == 0)
			break;
		strbuf_extend(&run->in, (size_t)n);
		if (!run->started)
			skip_mark(run);
		take_values(run);
		if (n < READ_SIZE)
			flush(run);
	}
	if (run->in.len > 0)
		take_value(run, run->in.ptr, run->in.len);
	if (run->correlator != NULL)
		correlator_finish(run->correlator);
	flush(run);
	return !run->failed || err_set(err, "writing the matches failed");
}

static void tell_correlator(const struct run *run)
{
	struct correlator_figures figures;

	if (run->correlator == NULL)
		return;
	figures = correlator_figures(run->correlator);
	fprintf(stderr,
		", %llu correlations (%llu events too late, %llu without a field, %llu groups "
		"forgotten, %llu with too many values, %llu times put together)",
		(unsigned long long)run->n_conclusions, (unsigned long long)figures.late,
		(unsigned long long)figures.without, (unsigned long long)figures.evicted,
		(unsigned long long)figures.saturated, (unsigned long long)figures.trimmed);
}

static void tell(const struct run *run)
{
	fprintf(stderr, "%llu events, %llu matches", (unsigned long long)run->n_events,
		(unsigned long long)run->n_matches);
	if (run->n_bad > 0)
		fprintf(stderr, ", %llu values that are no events",
			(unsigned long long)run->n_bad);
	if (run->n_partial > 0)
		fprintf(stderr, ", %llu events looked at in part",
			(unsigned long long)run->n_partial);
	if (run->n_given_up > 0)
		fprintf(stderr, ", %llu regular expressions given up",
			(unsigned long long)run->n_given_up);
	tell_correlator(run);
	fputc('\n', stderr);
}

/* What is to be matched. */
struct input {
	const char *path; /* NULL = standard input */
	bool strict;
	bool raw;                      /* lines, to be normalized */
	struct normalize_lines lines;  /* how */
	struct indicators *indicators; /* NULL = none */
};

static bool match_events(
	const struct rule_set *set, const struct input *input, int fd, struct err *err)
{
	struct run run = {.in = STRBUF_INIT(EVENT_SIZE_MAX + READ_SIZE),
		.out = STRBUF_INIT(OUT_SIZE * 8),
		.json = STRBUF_INIT(JSON_SIZE_MAX),
		.indicators = input->indicators,
		.matcher = rule_matcher_new(set, !input->strict, err)};
	bool ok = run.matcher != NULL;

	rule_set_rules(set, &run.rules);
	if (rule_set_figures(set).correlations > 0)
		run.correlator = correlator_new(set, CORRELATOR_SIZE, put_conclusion, &run);
	if (ok) {
		ok = read_events(&run, fd, err);
		tell(&run);
		if (input->indicators != NULL)
			detect_indicators_tell(input->indicators);
	}
	rule_matcher_free(run.matcher);
	correlator_free(run.correlator);
	strbuf_done(&run.in);
	strbuf_done(&run.out);
	strbuf_done(&run.json);
	return ok && (run.n_bad == 0 || err_set(err, "not all were events"));
}

static bool match_lines(
	const struct rule_set *set, const struct input *input, int fd, struct err *err)
{
	struct normalize_lines lines = input->lines;
	struct normalizing *normalizing;
	struct err late = {0};
	int events;
	bool ok;

	lines.from = fd;
	lines.name = input->path ? input->path : "-";
	normalizing = normalizing_start(&lines, &events, err);
	if (normalizing == NULL)
		return false;
	ok = match_events(set, input, events, err);
	if (normalizing_end(normalizing, &late))
		return ok;
	*err = late;
	return false;
}

static bool match_file(const struct rule_set *set, const struct input *input, struct err *err)
{
	int fd = STDIN_FILENO;
	bool ok;

	if (input->path != NULL)
		fd = open(input->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "%s", input->path);
	ok = input->raw ? match_lines(set, input, fd, err) : match_events(set, input, fd, err);
	if (fd != STDIN_FILENO)
		close(fd);
	return ok;
}

/* ---- the command ----------------------------------------------------------------- */

static void list_rules(const struct rule_set *set)
{
	const struct sigma_rule *rules;
	size_t n = rule_set_rules(set, &rules);
	struct strbuf text = STRBUF_INIT(1 << 16);

	for (size_t i = 0; i < n; i++) {
		const struct sigma_rule *rule = &rules[i];
		bool loaded = sigma_rule_is_loaded(rule);

		strbuf_reset(&text);
		strbuf_addf(&text, "%s %.*s %s:%u: ", loaded ? "loaded " : "refused",
			rule->id.len ? (int)rule->id.len : 1, rule->id.len ? rule->id.ptr : "-",
			rule->path, rule->line);
		utf8_show(&text, loaded ? rule->title : rule->reason);
		if (rule->expression != NULL && !rule_set_has_source(set, i)) {
			strbuf_add_str(&text, " [no pipeline knows its log source: ");
			log_source_show(&rule->source, &text);
			strbuf_add_byte(&text, ']');
		}
		if (rule->kind != SIGMA_DETECTION)
			strbuf_add_str(&text,
				rule->kind == SIGMA_FILTER ? " [filter]" : " [correlation]");
		if (rule->silent)
			strbuf_add_str(&text, " [no match by itself: it is correlated]");
		if (!slice_absent(rule->no_list)) {
			strbuf_add_str(&text, " [not evaluated: no pipeline has a list for %");
			strbuf_add(&text, rule->no_list);
			strbuf_add_str(&text, "%]");
		}
		puts(strbuf_cstr(&text));
	}
	strbuf_done(&text);
}

/* "none      3  Initiated  (category network_connection, product linux)" */
static void list_field(const struct asked_field *asked, struct strbuf *text)
{
	static const char *const words[] = {
		[FIELD_BY_NONE] = "none",
		[FIELD_BY_PRODUCT] = "product",
		[FIELD_BY_PARSERS] = "delivered",
	};

	strbuf_addf(text, "%-9s %5zu  ", words[asked->delivery], asked->n_rules);
	utf8_show(text, asked->name);
	if (asked->delivery != FIELD_BY_NONE && !slice_eq(asked->as, asked->name)) {
		strbuf_add_str(text, " = ");
		utf8_show(text, asked->as);
	}
	strbuf_add_str(text, "  (");
	log_source_show(asked->source, text);
	strbuf_add_byte(text, ')');
}

static void list_fields(const struct rule_set *set)
{
	struct strbuf text = STRBUF_INIT(1 << 16);
	size_t counts[FIELD_BY_PARSERS + 1] = {0};
	struct field_report report;

	field_report_make(&report, set);
	for (size_t i = 0; i < report.n; i++) {
		strbuf_reset(&text);
		list_field(&report.fields[i], &text);
		puts(strbuf_cstr(&text));
		counts[report.fields[i].delivery]++;
	}
	fprintf(stderr,
		"%zu fields of log sources: %zu delivered by parsers, %zu if the product's "
		"lines "
		"have them, %zu by none\n",
		report.n, counts[FIELD_BY_PARSERS], counts[FIELD_BY_PRODUCT],
		counts[FIELD_BY_NONE]);
	strbuf_done(&text);
	field_report_done(&report);
}

static void tell_set(const struct rule_set *set)
{
	struct rule_set_figures figures = rule_set_figures(set);

	fprintf(stderr,
		"%zu rules loaded (%zu correlations, %zu filters), %zu refused; %zu log "
		"sources, %zu rules of a log source no "
		"pipeline knows; %zu of a placeholder without a list; %zu texts looked for, "
		"%zu rules "
		"need no text; %.1f MiB\n",
		figures.loaded, figures.correlations, figures.filters, figures.refused,
		figures.sources, figures.without_source, figures.without_list,
		figures.witnesses, figures.always, (double)figures.memory / (1 << 20));
}

/* A path that is mistyped must not look like events without attacks. */
static bool are_there(const struct rule_paths *paths, struct err *err)
{
	for (size_t i = 0; i < paths->n_rules; i++) {
		if (access(paths->rules[i], R_OK) != 0)
			return err_sys(err, "--rules %s", paths->rules[i]);
	}
	if (paths->pipelines != NULL && access(paths->pipelines, R_OK) != 0)
		return err_sys(err, "--pipelines %s", paths->pipelines);
	return true;
}

static struct rule_set *load_rules(
	const struct rule_paths *paths, struct strbuf *mistakes, struct err *err)
{
	struct rule_set *set =
		are_there(paths, err) ? rule_set_load(paths, mistakes, err) : NULL;

	fputs(strbuf_cstr(mistakes), stderr);
	if (set != NULL && paths->n_rules > 0)
		tell_set(set);
	return set;
}

static bool take_input(const struct arguments *arguments, struct input *input, struct err *err)
{
	if (arguments->n_operands > 0 && strcmp(arguments->operands[0], "-") != 0)
		input->path = arguments->operands[0];
	input->strict = arguments_flag(arguments, "strict");
	input->raw = arguments_flag(arguments, "normalize");
	return line_options_take(arguments, &input->lines.settings, &input->lines.format, err);
}

static bool list_or_match(const struct arguments *arguments, const struct rule_set *set,
	const struct input *input, struct err *err)
{
	bool list = arguments_flag(arguments, "list"),
	     fields = arguments_flag(arguments, "fields");

	if (list)
		list_rules(set);
	if (fields)
		list_fields(set);
	if (rule_set_figures(set).loaded == 0 &&
		(input->indicators == NULL ||
			rule_set_rules(set, &(const struct sigma_rule *){0}) > 0))
		return err_set(err, "no rule was loaded");
	return list || fields || match_file(set, input, err);
}

static bool load_indicators(const struct arguments *arguments, const struct rule_paths *paths,
	struct input *input, struct err *err)
{
	const char *lists[DETECT_LISTS_MAX];
	size_t n = arguments_list(arguments, "indicators", lists, DETECT_LISTS_MAX);

	return detect_indicators_load(arguments, lists, n, &input->indicators, err) &&
	       (paths->n_rules > 0 || input->indicators != NULL ||
		       err_set(err, "neither rules nor indicators: --rules, --indicators"));
}

static int run_detect(const struct arguments *arguments)
{
	struct rule_paths paths = {.pipelines = arguments_text(arguments, "pipelines")};
	struct strbuf mistakes = STRBUF_INIT(16 << 20);
	struct rule_set *set = NULL;
	struct input input = {0};
	struct err err = {0};
	bool ok;

	if (!take_input(arguments, &input, &err)) {
		fprintf(stderr, "soc-collector detect: %s\n", err.text);
		return EXIT_USAGE;
	}
	paths.n_rules = arguments_list(arguments, "rules", paths.rules, RULE_PATHS_MAX);
	ok = load_indicators(arguments, &paths, &input, &err);
	if (ok)
		set = load_rules(&paths, &mistakes, &err);
	ok = set != NULL && list_or_match(arguments, set, &input, &err);
	if (!ok)
		fprintf(stderr, "soc-collector detect: %s\n", err.text);
	strbuf_done(&mistakes);
	rule_set_free(set);
	indicators_unref(input.indicators);
	return ok ? EXIT_DONE : EXIT_FAILED;
}

static const struct option_spec detect_options[] = {
	{.name = "rules",
		.value = "DIR",
		.help = "Sigma rules: a folder with the folders in it, or a file; may be given "
			"again",
		.most = RULE_PATHS_MAX},
	DETECT_INDICATORS_OPTIONS,
	{.name = "pipelines",
		.value = "DIR",
		.help = "what log sources and fields are called in events (those that are "
			"built in)"},
	{.name = "strict",
		.help = "an event of no known log source fits no rule; else all are tried"},
	{.name = "normalize",
		.help = "raw lines in: they are normalized first, as by `normalize`"},
	LINE_OPTIONS,
	{.name = "list", .help = "list the rules, loaded or refused and why, instead"},
	{.name = "fields",
		.help = "list the fields rules ask for, by log source, and who delivers them, "
			"instead"},
	{0},
};

const struct command detect_commands[] = {
	{.name = "detect",
		.operands = "[FILE]",
		.operands_max = 1,
		.summary = "JSON events in, one JSON object a match out",
		.details = "Events are JSON objects, one a line or written over several; in "
			   "the names\nof ECS or of the product. A match says the line its "
			   "event begins on, the\nrule's id, title and level; of an indicator "
			   "what it is, its list and the\nfield. Without FILE, or "
			   "with '-': standard input.\n\n"
			   "With --normalize raw lines: a rule is tried on a log file in one "
			   "command.",
		.options = detect_options,
		.run = run_detect},
	{0},
};
