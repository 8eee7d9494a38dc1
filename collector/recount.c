#include "collector/recount.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "collector/derive/outbox.h"
#include "collector/national/message.h"
#include "collector/recount_malware.h"
#include "collector/rules.h"
#include "common/clock.h"
#include "common/table.h"

enum { EXIT_UNKNOWN = 2, KEY_MAX = 256, KEYS_MOST = 1 << 22 };

struct key {
	char text[KEY_MAX]; /* zeroed behind its end */
};

struct recounted {
	yyjson_doc *doc;
	bool was_sent;
};

struct counts_compared {
	struct table recounted; /* by key */
	int64_t from_ns, to_ns;
	uint64_t equal, differ, missing, extra, unsent;
	struct recount_malware malware;
};

/* Different for each making, whatever was counted. */
static const char *const volatile_members[] = {"msg_id", "revision", "created"};

static struct key key_of(struct slice text)
{
	struct key key = {0};

	memcpy(key.text, text.ptr, text.len < KEY_MAX ? text.len : KEY_MAX - 1);
	return key;
}

static bool is_volatile(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(volatile_members); i++) {
		if (strcmp(name, volatile_members[i]) == 0)
			return true;
	}
	return false;
}

static void say_difference(
	const char *key, const char *member, yyjson_val *sent, yyjson_val *again)
{
	char *left = sent ? yyjson_val_write(sent, 0, NULL) : NULL;
	char *right = again ? yyjson_val_write(again, 0, NULL) : NULL;

	printf("%s: %s: sent %s, recounted %s\n", key, member, left ? left : "nothing",
		right ? right : "nothing");
	free(left);
	free(right);
}

static bool compare(const char *key, yyjson_val *sent, yyjson_val *again)
{
	yyjson_val *name, *value;
	size_t at, n;
	bool equal = true;

	yyjson_obj_foreach(sent, at, n, name, value)
	{
		yyjson_val *other = yyjson_obj_get(again, yyjson_get_str(name));

		if (is_volatile(yyjson_get_str(name)) ||
			(other != NULL && yyjson_equals(value, other)))
			continue;
		say_difference(key, yyjson_get_str(name), value, other);
		equal = false;
	}
	return equal && yyjson_obj_size(sent) == yyjson_obj_size(again);
}

/* ---- visiting both sides ---------------------------------------------------- */

static bool keep(void *user, const struct outbox_message *message, bool sent)
{
	struct counts_compared *comparison = user;
	struct key key = key_of(message->key);
	struct recounted *entry = table_put(&comparison->recounted, &key, NULL);

	(void)sent;
	if (entry != NULL)
		entry->doc = yyjson_read(message->body.ptr, message->body.len, 0);
	return entry != NULL && entry->doc != NULL;
}

static void compare_sent(struct counts_compared *comparison,
	const struct outbox_message *message, struct recounted *entry, const char *key)
{
	yyjson_doc *sent = yyjson_read(message->body.ptr, message->body.len, 0);

	entry->was_sent = true;
	if (sent != NULL &&
		compare(key, yyjson_doc_get_root(sent), yyjson_doc_get_root(entry->doc)))
		comparison->equal++;
	else
		comparison->differ++;
	yyjson_doc_free(sent);
}

/* "H47/H47.05/statistics/5m/2026-11-22T01:00:00Z": does the window lie in the span? */
static bool is_asked_for(const struct counts_compared *comparison, struct slice key)
{
	struct slice part = SLICE_NONE, kind = SLICE_NONE;
	int64_t start_ns;
	size_t used;

	while (key.len > 0) {
		kind = part;
		(void)slice_cut(&key, '/', &part);
	}
	if (!clock_parse_iso(part, 0, &start_ns, &used) || used != part.len)
		return false;
	for (unsigned i = 0; i < WINDOW_KINDS; i++) {
		struct window window = window_at((enum window_kind)i, start_ns, 0);

		if (slice_eq(kind, slice_str(window_name(window.kind))))
			return start_ns >= comparison->from_ns &&
			       start_ns + (window.end_ns - window.start_ns) <=
				       comparison->to_ns;
	}
	return false;
}

static void report_extra(struct counts_compared *comparison, const char *key)
{
	printf("%s: in the outbox, and not counted again\n", key);
	comparison->extra++;
}

static bool visit_sent(void *user, const struct outbox_message *message, bool sent)
{
	struct counts_compared *comparison = user;
	struct key key = key_of(message->key);
	struct recounted *entry = table_get(&comparison->recounted, &key);

	if (entry != NULL)
		compare_sent(comparison, message, entry, key.text);
	else if (is_asked_for(comparison, message->key))
		report_extra(comparison, key.text);
	comparison->unsent += entry != NULL && !sent;
	return true;
}

static void report_missing(struct counts_compared *comparison)
{
	for (size_t i = 0; i < comparison->recounted.n; i++) {
		const struct recounted *entry = table_value(&comparison->recounted, i);
		const struct key *key = table_key(&comparison->recounted, i);

		if (entry->was_sent)
			continue;
		printf("%s: not in the outbox\n", key->text);
		comparison->missing++;
	}
}

static void free_comparison(struct counts_compared *comparison)
{
	for (size_t i = 0; i < comparison->recounted.n; i++)
		yyjson_doc_free(
			((struct recounted *)table_value(&comparison->recounted, i))->doc);
	table_done(&comparison->recounted);
}

/* ---- the command ------------------------------------------------------------ */

/* statistics_due() gives some windows at a time: until no new message comes. */
static bool build_messages(
	struct statistics *statistics, const struct message_context *context, struct err *err)
{
	const struct message_type *type = message_type_by_name(SLICE_LIT("statistics"));

	for (unsigned left = statistics_due_count(statistics, err); left > 0;) {
		if (!type->publish(context, statistics, statistics_outbox(statistics), err))
			return false;
		unsigned now_left = statistics_due_count(statistics, err);
		if (now_left == left)
			return err_set(err, "%u windows could not be built", left);
		left = now_left;
	}
	return true;
}

static bool compare_all(const struct collector_settings *settings, const struct rules *rules,
	struct outbox_reader *reader, struct counts_compared *comparison, struct err *err)
{
	struct derive_settings derive = settings->derive;
	derive.zone_seconds = agencies_province(rules->agencies)->zone_seconds;
	derive.watermark_ms = 0;
	derive.republish_ms = 0;
	struct statistics *statistics = statistics_recount(
		&derive, settings->store.dir, comparison->from_ns, comparison->to_ns, err);
	const struct message_context context = {
		.profile = rules->profile,
		.agencies = rules->agencies,
		.now_ns = clock_wall_ns(),
		.position = 1,
	};
	bool ok = statistics != NULL && build_messages(statistics, &context, err) &&
		  outbox_latest(statistics_outbox(statistics), SLICE_LIT("statistics"), keep,
			  comparison, err) &&
		  outbox_reader_latest(
			  reader, SLICE_LIT("statistics"), visit_sent, comparison, err) &&
		  recount_malware(statistics, derive.zone_seconds, settings->derive.dir,
			  comparison->from_ns, comparison->to_ns, &comparison->malware, err);

	statistics_free(statistics);
	return ok;
}

/* Later windows of a running collector may still be complete and not published, or changed and
 * not published again. */
static void choose_span(
	struct counts_compared *comparison, const struct collector_settings *settings)
{
	const struct derive_settings *derive = &settings->derive;
	uint64_t behind_ms = derive->watermark_ms + derive->republish_ms + derive->publish_ms +
			     derive->step_ms;

	if (comparison->to_ns == CLOCK_NONE)
		comparison->to_ns = clock_wall_ns() - (int64_t)behind_ms * CLOCK_NS_PER_MS;
	if (comparison->from_ns == CLOCK_NONE)
		comparison->from_ns = comparison->to_ns - 86400 * CLOCK_NS_PER_S;
}

bool recount_limit(const char *what, int64_t kept_ns, int64_t *from_ns, int64_t to_ns)
{
	char text[CLOCK_TEXT_MAX];

	if (kept_ns <= *from_ns)
		return true;
	printf("%s before %s are not kept any more: %s\n", what,
		clock_format_utc(kept_ns, 0, text),
		kept_ns < to_ns ? "compared from there" : "not compared");
	*from_ns = kept_ns;
	return kept_ns < to_ns;
}

/* What is older than what derive.db keeps cannot be compared. */
static bool limit_span(
	struct counts_compared *comparison, struct outbox_reader *reader, struct err *err)
{
	uint64_t kept_s;

	if (!outbox_reader_mark(reader, OUTBOX_KEPT_FROM, &kept_s, err))
		return false;
	return recount_limit("messages", (int64_t)kept_s * CLOCK_NS_PER_S, &comparison->from_ns,
		       comparison->to_ns) ||
	       err_set(err, "there is nothing to compare");
}

static bool run(const struct collector_settings *settings, const struct rules *rules,
	struct counts_compared *comparison, struct err *err)
{
	struct outbox_reader *reader = outbox_reader_open(settings->derive.dir, err);
	bool ok = reader != NULL && limit_span(comparison, reader, err) &&
		  compare_all(settings, rules, reader, comparison, err);

	outbox_reader_close(reader);
	return ok;
}

static int print_result(struct counts_compared *comparison)
{
	const struct recount_malware *malware = &comparison->malware;

	report_missing(comparison);
	printf("%" PRIu64 " findings of malware equal, %" PRIu64 " differ, %" PRIu64
	       " missing, %" PRIu64 " too many; %" PRIu64 " of them not reported yet\n",
		malware->equal, malware->differ, malware->missing, malware->extra,
		malware->unreported);
	printf("%" PRIu64 " messages equal, %" PRIu64 " differ, %" PRIu64 " missing, %" PRIu64
	       " too many; %" PRIu64 " of them not sent yet\n",
		comparison->equal, comparison->differ, comparison->missing, comparison->extra,
		comparison->unsent);
	return comparison->differ + comparison->missing + comparison->extra + malware->differ +
				       malware->missing + malware->extra >
			       0
		       ? EXIT_FAILURE
		       : EXIT_SUCCESS;
}

int recount(const char *config, int64_t from_ns, int64_t to_ns)
{
	struct collector_settings settings;
	struct strbuf words = STRBUF_INIT(1 << 20);
	struct conf *conf = collector_settings_load(config, &settings);
	struct rules *rules = conf ? rules_load(&settings, NULL, &words, &words) : NULL;
	struct counts_compared comparison = {.from_ns = from_ns, .to_ns = to_ns};
	struct err err = {0};
	int status = EXIT_UNKNOWN;

	table_init(
		&comparison.recounted, sizeof(struct key), sizeof(struct recounted), KEYS_MOST);
	if (rules != NULL)
		choose_span(&comparison, &settings);
	if (rules == NULL) {
		fputs(strbuf_cstr(&words), stderr);
	} else if (!run(&settings, rules, &comparison, &err)) {
		fprintf(stderr, "soc-collector recount: %s\n", err.text);
	} else {
		status = print_result(&comparison);
	}
	free_comparison(&comparison);
	strbuf_done(&words);
	rules_unref(rules);
	conf_free(conf);
	return status;
}
