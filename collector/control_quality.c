#include "collector/control_answers.h"

#include <stdio.h>
#include <stdlib.h>

#include "collector/derive/quality.h"
#include "collector/normalize/own/folder.h"
#include "collector/normalize/parser.h"
#include "collector/pipeline.h"
#include "common/clock.h"

enum { DAY_S = 86400, SHOWN_DAYS = 8, PARSERS_SHOWN = 3, NEW_DAYS = 14 };

struct agency_sum {
	uint32_t agency;
	uint64_t sources, silent, clock_wrong;
	uint64_t lines, bytes, unknown;
};

struct answer {
	struct json *json;
	struct agency_sum *agencies; /* n_agencies, room for more */
	size_t n_agencies, agencies_room;
	struct quality_reader *reader;
	struct rules *rules;
	int64_t now_ns;
	bool failed;
	struct err err;
};

static const char *parser_name(const struct answer *answer, unsigned number)
{
	const struct parser *parser = own_formats_by_number(answer->rules->formats, number);

	if (parser == NULL)
		parser = parser_by_number(number);
	return parser != NULL ? parser->name : "none";
}

/* ---- shares ------------------------------------------------------------------ */

struct sums {
	const struct answer *answer;
	uint64_t lines, bytes, unknown, partial, damaged, undated;
	struct {
		uint16_t parser;
		uint64_t lines;
	} most[PARSERS_SHOWN];
	unsigned n;
};

static void add_parser(struct sums *sums, const struct quality_share *share)
{
	for (unsigned i = 0; i < sums->n; i++) {
		if (sums->most[i].parser == share->parser) {
			sums->most[i].lines += share->lines;
			return;
		}
	}
	if (share->parser == 0 || sums->n == PARSERS_SHOWN)
		return;
	sums->most[sums->n].parser = share->parser;
	sums->most[sums->n++].lines = share->lines;
}

static bool add_share(void *user, const struct quality_share *share)
{
	struct sums *sums = user;

	sums->lines += share->lines;
	sums->bytes += share->bytes;
	sums->undated += share->undated;
	sums->unknown += share->status == PARSE_UNKNOWN ? share->lines : 0;
	sums->partial += share->status == PARSE_PARTIAL ? share->lines : 0;
	sums->damaged += share->status == PARSE_DAMAGED ? share->lines : 0;
	add_parser(sums, share);
	return true;
}

/* Of 0 lines, none. */
static void put_percent(struct json *json, const char *key, uint64_t part, uint64_t whole)
{
	const uint64_t permille = whole > 0 ? part * 1000 / whole : 0;

	json_key(json, slice_str(key));
	if (whole == 0)
		json_null(json);
	else
		json_double(json, (double)permille / 10);
}

static void put_parsers(struct json *json, const struct sums *sums)
{
	struct strbuf text = STRBUF_INIT(512);

	for (unsigned i = 0; i < sums->n; i++)
		strbuf_addf(&text, "%s%s %u%%", i > 0 ? ", " : "",
			parser_name(sums->answer, sums->most[i].parser),
			(unsigned)(sums->most[i].lines * 100 / sums->lines));
	json_put_text(json, "parsers", strbuf_slice(&text));
	strbuf_done(&text);
}

/* Sources come by agency. */
static struct agency_sum *sum_of(struct answer *answer, uint32_t agency)
{
	struct agency_sum *last = answer->agencies + answer->n_agencies;

	if (answer->n_agencies > 0 && last[-1].agency == agency)
		return last - 1;
	if (answer->n_agencies == answer->agencies_room) {
		answer->agencies_room = answer->agencies_room * 2 + 16;
		answer->agencies = realloc(
			answer->agencies, answer->agencies_room * sizeof(*answer->agencies));
		if (answer->agencies == NULL)
			abort();
	}
	last = answer->agencies + answer->n_agencies++;
	*last = (struct agency_sum){.agency = agency};
	return last;
}

static void add_to_agency(
	struct answer *answer, const struct quality_source *source, const struct sums *sums)
{
	struct agency_sum *agency = sum_of(answer, source->agency);

	agency->sources++;
	agency->silent += source->silent_ns > 0;
	agency->clock_wrong += source->clock_wrong;
	agency->lines += sums->lines;
	agency->bytes += sums->bytes;
	agency->unknown += sums->unknown;
}

static void put_agencies(const struct answer *answer)
{
	struct json *json = answer->json;

	json_key(json, SLICE_LIT("agencies"));
	json_array(json);
	for (size_t i = 0; i < answer->n_agencies; i++) {
		const struct agency_sum *agency = &answer->agencies[i];

		json_object(json);
		json_put_u64(json, "agency", agency->agency);
		json_put_u64(json, "sources", agency->sources);
		json_put_u64(json, "silent", agency->silent);
		json_put_u64(json, "clock_wrong", agency->clock_wrong);
		json_put_u64(json, "lines_day", agency->lines);
		json_put_u64(json, "bytes_day", agency->bytes);
		put_percent(json, "unparsed_percent", agency->unknown, agency->lines);
		json_object_end(json);
	}
	json_array_end(json);
}

static bool put_sums(struct answer *answer, const struct quality_source *source)
{
	struct sums sums = {.answer = answer};
	struct json *json = answer->json;

	if (!quality_shares(answer->reader, source->number,
		    answer->now_ns - DAY_S * CLOCK_NS_PER_S, add_share, &sums, &answer->err))
		return false;
	json_put_u64(json, "lines_day", sums.lines);
	json_put_u64(json, "bytes_day", sums.bytes);
	put_percent(json, "unparsed_percent", sums.unknown, sums.lines);
	put_percent(json, "partial_percent", sums.partial, sums.lines);
	put_percent(json, "damaged_percent", sums.damaged, sums.lines);
	put_percent(json, "undated_percent", sums.undated, sums.lines);
	put_parsers(json, &sums);
	add_to_agency(answer, source, &sums);
	return true;
}

/* ---- a source ---------------------------------------------------------------- */

/* Of an agent's host the agent measured it; else it is told from stamps. */
static void put_clock(struct json *json, const struct quality_source *source)
{
	static const char *const words[] = {
		[QUALITY_CLOCK_UNKNOWN] = "unknown",
		[QUALITY_CLOCK_LOW] = "low",
		[QUALITY_CLOCK_HIGH] = "high",
	};

	json_key(json, SLICE_LIT("clock_behind_ms"));
	if (source->clock == QUALITY_CLOCK_UNKNOWN)
		json_null(json);
	else
		json_i64(json, source->behind_ms);
	json_put_str(json, "clock_confidence", words[source->clock]);
	json_key(json, SLICE_LIT("agent_clock_off_ms"));
	if (source->skew_ms < 0)
		json_null(json);
	else
		json_i64(json, source->skew_ms);
}

static const char *status_of(const struct quality_source *source)
{
	if (source->silent_ns > 0)
		return "silent";
	if (source->clock_wrong)
		return "clock";
	return source->watched_ms < NEW_DAYS * DAY_S * INT64_C(1000) ? "new" : "ok";
}

static bool put_source(void *user, const struct quality_source *source)
{
	struct answer *answer = user;
	struct json *json = answer->json;

	json_object(json);
	json_put_u64(json, "source", source->number);
	json_put_u64(json, "agency", source->agency);
	json_put_u64(json, "host", source->host);
	json_put_str(json, "status", status_of(source));
	json_put_text(json, "input", source->input);
	json_put_text(json, "name", source->name);
	answer->failed = !put_sums(answer, source);
	put_clock(json, source);
	json_put_time(json, "first", source->first_ns, 0);
	json_put_time(json, "heard", source->heard_ns, 0);
	json_put_time(json, "newest_stamp", source->created_ns, 0);
	json_put_time(json, "silent_since", source->silent_ns, 0);
	json_object_end(json);
	return !answer->failed;
}

/* ---- one source in detail ----------------------------------------------------- */

static bool put_share(void *user, const struct quality_share *share)
{
	const struct answer *answer = user;
	struct json *json = answer->json;

	json_object(json);
	json_put_str(json, "parser", parser_name(answer, share->parser));
	json_put_str(json, "status", parse_status_name((enum parse_status)share->status));
	json_put_u64(json, "lines", share->lines);
	json_put_u64(json, "bytes", share->bytes);
	json_put_u64(json, "undated", share->undated);
	json_object_end(json);
	return true;
}

static bool put_day(void *user, const struct quality_day *day)
{
	const struct answer *answer = user;
	struct json *json = answer->json;

	json_object(json);
	json_put_time(json, "day", day->start_ns, 0);
	json_put_u64(json, "lines", day->lines);
	json_put_u64(json, "bytes", day->bytes);
	json_put_u64(json, "unparsed", day->unparsed);
	json_put_u64(json, "undated", day->undated);
	json_object_end(json);
	return true;
}

static bool put_sample(void *user, const struct quality_sample *sample)
{
	const struct answer *answer = user;
	struct json *json = answer->json;

	json_object(json);
	json_put_str(json, "status", parse_status_name((enum parse_status)sample->status));
	json_put_u64(json, "times", sample->times);
	json_put_time(json, "last", sample->last_ns, 0);
	json_put_text(json, "line", sample->line);
	json_object_end(json);
	return true;
}

static bool put_missing(void *user, const struct quality_missing *missing)
{
	const struct answer *answer = user;
	struct json *json = answer->json;

	json_object(json);
	json_put_str(json, "parser", parser_name(answer, missing->parser));
	json_put_text(json, "field", field_name(missing->field));
	json_put_u64(json, "other_sources", missing->others);
	json_put_u64(json, "of", missing->of);
	json_object_end(json);
	return true;
}

/* What statistics and most rules stand on. */
static const enum field_id asked_for[] = {FIELD_HOST_NAME, FIELD_EVENT_CATEGORY,
	FIELD_EVENT_TYPE, FIELD_EVENT_OUTCOME, FIELD_SOURCE_IP, FIELD_USER_NAME};

static void put_never(struct json *json, const char *seen)
{
	struct strbuf text = STRBUF_INIT(1024);

	for (unsigned i = 0; i < ARRAY_LEN(asked_for); i++) {
		const unsigned id = asked_for[i];

		if (!((unsigned char)seen[id / 8] >> id % 8 & 1))
			strbuf_addf(&text, "%s%.*s", text.len > 0 ? ", " : "",
				SLICE_FMT(field_name(id)));
	}
	json_put_text(json, "never_filled", strbuf_slice(&text));
	strbuf_done(&text);
}

static bool put_looks(struct answer *answer, uint32_t number)
{
	struct json *json = answer->json;
	char seen[FIELD_ID_MAX / 8];

	json_key(json, SLICE_LIT("samples"));
	json_array(json);
	bool done = quality_samples(answer->reader, number, put_sample, answer, &answer->err);
	json_array_end(json);
	json_key(json, SLICE_LIT("missing_fields"));
	json_array(json);
	done = done &&
	       quality_fields(answer->reader, number, seen, put_missing, answer, &answer->err);
	json_array_end(json);
	if (done)
		put_never(json, seen);
	return done;
}

static bool put_details(struct answer *answer, uint32_t number)
{
	const int64_t since_ns = answer->now_ns - SHOWN_DAYS * DAY_S * CLOCK_NS_PER_S;
	struct json *json = answer->json;

	json_key(json, SLICE_LIT("shares"));
	json_array(json);
	bool done = quality_shares(
		answer->reader, number, since_ns, put_share, answer, &answer->err);
	json_array_end(json);
	json_key(json, SLICE_LIT("days"));
	json_array(json);
	done = done && quality_days(answer->reader, number, since_ns,
			       agencies_province(answer->rules->agencies)->zone_seconds,
			       put_day, answer, &answer->err);
	json_array_end(json);
	return done;
}

/* ---- the answer --------------------------------------------------------------- */

static bool put_all(struct answer *answer, uint32_t number)
{
	struct json *json = answer->json;

	json_key(json, SLICE_LIT("sources"));
	json_array(json);
	bool done = quality_sources(answer->reader, number, put_source, answer, &answer->err) &&
		    !answer->failed;
	json_array_end(json);
	if (number == 0)
		put_agencies(answer);
	return done &&
	       (number == 0 || (put_details(answer, number) && put_looks(answer, number)));
}

void control_quality(const struct control_view *view, struct slice words, struct json *json)
{
	struct answer answer = {.json = json, .now_ns = clock_wall_ns()};
	uint64_t number = 0;

	if (words.len > 0 && !slice_to_u64(words, UINT32_MAX, &number)) {
		json_put_str(json, "error", "quality NUMBER: that of a source in the table");
		return;
	}
	answer.rules = pipeline_rules(view->pipeline);
	answer.reader = quality_reader_open(view->derive_dir, &answer.err);
	if (answer.reader == NULL || !put_all(&answer, (uint32_t)number))
		json_put_str(json, "error", answer.err.text);
	quality_reader_close(answer.reader);
	free(answer.agencies);
	rules_unref(answer.rules);
}
