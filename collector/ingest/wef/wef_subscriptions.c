#include "collector/ingest/wef/wef_subscriptions.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/arena.h"
#include "common/file.h"
#include "common/markup.h"

enum { TEXTS_MAX = 64 << 20 };

struct wef_subscriptions {
	atomic_uint refs;
	struct arena arena; /* of all that is below */
	struct wef_subscription *items;
	size_t n;
};

/* ---- queries --------------------------------------------------------------------- */

struct query {
	struct markup markup;
	const char *why;
	unsigned n_selects;
};

static bool wrong(struct query *query, const char *why)
{
	if (query->why == NULL)
		query->why = why;
	return false;
}

static bool is_blank(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\0' || strchr(" \t\r\n", text.ptr[i]) == NULL)
			return false;
	}
	return true;
}

static enum markup_got next(struct query *query)
{
	enum markup_got got = markup_next(&query->markup);

	while (got == MARKUP_TEXT && is_blank(query->markup.content))
		got = markup_next(&query->markup);
	return got;
}

static bool is_named(const struct query *query, struct slice name)
{
	return markup_is(&query->markup, SLICE_LIT(""), name);
}

static bool has_path(const struct query *query)
{
	return markup_attribute(&query->markup, SLICE_LIT("Path")).len > 0;
}

/* <Select Path="Security">*[System[...]]</Select>, or <Suppress>. */
static bool take_select(struct query *query, bool inherits)
{
	struct slice inside;

	if (!is_named(query, SLICE_LIT("Select")) && !is_named(query, SLICE_LIT("Suppress")))
		return wrong(query, "a query has Select and Suppress, nothing else");
	if (!inherits && !has_path(query))
		return wrong(query, "neither this nor its Query says a Path");
	query->n_selects += is_named(query, SLICE_LIT("Select"));
	if (!markup_take_inside(&query->markup, &inside))
		return false;
	if (is_blank(inside) || slice_find(inside, '<') < inside.len)
		return wrong(query, "an expression is expected here");
	return true;
}

static bool take_query(struct query *query)
{
	const bool inherits = has_path(query);
	enum markup_got got;

	if (!is_named(query, SLICE_LIT("Query")))
		return wrong(query, "a list of queries has Query, nothing else");
	while ((got = next(query)) == MARKUP_START) {
		if (!take_select(query, inherits))
			return false;
	}
	return got == MARKUP_END || wrong(query, "text between expressions");
}

static bool take_list(struct query *query)
{
	enum markup_got got;

	if (next(query) != MARKUP_START || !is_named(query, SLICE_LIT("QueryList")))
		return wrong(query, "a <QueryList> is expected");
	while ((got = next(query)) == MARKUP_START) {
		if (!take_query(query))
			return false;
	}
	if (got != MARKUP_END)
		return wrong(query, "text between queries");
	if (query->n_selects == 0)
		return wrong(query, "it selects nothing");
	return next(query) == MARKUP_DONE || wrong(query, "something behind the list");
}

static struct pos position_of(struct slice text, size_t at)
{
	struct pos pos = {.line = 1, .column = 1};

	for (size_t i = 0; i < at && i < text.len; i++) {
		pos.column++;
		if (text.ptr[i] == '\n') {
			pos.line++;
			pos.column = 1;
		}
	}
	return pos;
}

/* What it needs of a computer, without a declaration before it. */
static struct slice list_of(struct slice text)
{
	const size_t at = slice_search(text, SLICE_LIT("<QueryList"));

	return slice_from(text, at < text.len ? at : 0);
}

static void check_query(struct slice text, struct mistakes *mistakes)
{
	struct query query = {0};

	markup_init(&query.markup, text);
	if (take_list(&query))
		return;
	const struct pos at = position_of(text, query.markup.at);
	mistake_add(mistakes, at, "%s",
		query.markup.trouble != NULL ? query.markup.trouble : query.why);
}

/* ---- checking -------------------------------------------------------------------- */

static const struct written_subscription *written_of(const struct sender_settings *settings)
{
	return settings->subscriptions.items;
}

static void check_name(const struct conf *conf, const struct sender_settings *settings,
	size_t i, struct mistakes *mistakes)
{
	for (size_t j = 0; j < i; j++) {
		if (strcmp(written_of(settings)[j].name, written_of(settings)[i].name) == 0)
			mistake_add(mistakes, conf_at(conf, &written_of(settings)[i].name),
				"there is a subscription %s already",
				MISTAKE_TEXT(slice_str(written_of(settings)[i].name)));
	}
}

static bool is_sender(const struct sender_settings *settings, const char *name)
{
	const struct written_sender *senders = settings->senders.items;

	for (size_t i = 0; i < settings->senders.n; i++) {
		if (strcmp(senders[i].name, name) == 0)
			return true;
	}
	return false;
}

static void check_senders(const struct conf *conf, const struct sender_settings *settings,
	const struct written_subscription *written, struct mistakes *mistakes)
{
	for (size_t i = 0; i < written->senders.n; i++) {
		if (!is_sender(settings, written->senders.items[i]))
			mistake_add(mistakes, conf_at(conf, &written->senders.items[i]),
				"there is no sender %s",
				MISTAKE_TEXT(slice_str(written->senders.items[i])));
	}
}

/* Gives its bytes. */
static size_t check_file(const struct conf *conf, const struct written_subscription *written,
	struct mistakes *mistakes)
{
	struct mistakes inside = mistakes_into(mistakes->out, written->query);
	struct strbuf text = STRBUF_INIT(WEF_QUERY_MAX);
	struct err err;
	const bool good = file_read(written->query, &text, &err);
	const size_t len = text.len;

	if (good)
		check_query(strbuf_slice(&text), &inside);
	else
		mistake_add(mistakes, conf_at(conf, &written->query), "%s", err.text);
	mistakes->n += inside.n;
	strbuf_done(&text);
	return len;
}

void wef_settings_check(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes)
{
	size_t size = 0;

	for (size_t i = 0; i < settings->subscriptions.n; i++) {
		const struct written_subscription *written = &written_of(settings)[i];

		check_name(conf, settings, i, mistakes);
		check_senders(conf, settings, written, mistakes);
		size += check_file(conf, written, mistakes);
	}
	if (size > WEF_QUERIES_MAX)
		mistake_add(mistakes, conf_at(conf, &written_of(settings)[0].name),
			"all queries together have more than %d bytes, which no computer takes",
			WEF_QUERIES_MAX);
}

/* ---- building --------------------------------------------------------------------- */

/* All that decides what is delivered, and how. */
static void version_of(struct wef_subscription *subscription)
{
	struct strbuf content = STRBUF_INIT(WEF_QUERY_MAX + 4096);

	strbuf_addf(&content, "%s\n%d %d %llu %llu %llu %s\n", subscription->name,
		subscription->rendered, subscription->existing,
		(unsigned long long)subscription->heartbeat_ms,
		(unsigned long long)subscription->latency_ms,
		(unsigned long long)subscription->envelope_max, subscription->locale);
	strbuf_add(&content, subscription->query);
	wsman_uuid_of(strbuf_slice(&content), subscription->version);
	strbuf_done(&content);
}

static void *allocate(struct wef_subscriptions *subscriptions, size_t size)
{
	void *memory = arena_alloc(&subscriptions->arena, size);

	if (memory == NULL)
		abort(); /* a file of settings is smaller than that */
	return memory;
}

static const char *copy_text(struct wef_subscriptions *subscriptions, const char *text)
{
	const size_t size = strlen(text) + 1;

	return memcpy(allocate(subscriptions, size), text, size);
}

static const char *const *copy_texts(
	struct wef_subscriptions *subscriptions, const struct setting_texts *texts)
{
	const char **copies = allocate(subscriptions, (texts->n + 1) * sizeof(*copies));

	for (size_t i = 0; i < texts->n; i++)
		copies[i] = copy_text(subscriptions, texts->items[i]);
	return copies;
}

static void build(struct wef_subscriptions *subscriptions,
	const struct written_subscription *written, struct slice query)
{
	struct wef_subscription *subscription = &subscriptions->items[subscriptions->n++];
	struct strbuf name = STRBUF_INIT(4096);

	*subscription = (struct wef_subscription){
		.name = copy_text(subscriptions, written->name),
		.query = arena_copy(&subscriptions->arena, query),
		.locale = copy_text(subscriptions, written->locale),
		.rendered = written->content == CONTENT_RENDERED,
		.existing = written->existing,
		.heartbeat_ms = written->heartbeat_ms,
		.latency_ms = written->latency_ms,
		.envelope_max = written->envelope_max,
		.senders = copy_texts(subscriptions, &written->senders),
		.n_senders = written->senders.n,
	};
	strbuf_addf(&name, "subscription %s", written->name);
	wsman_uuid_of(strbuf_slice(&name), subscription->id);
	strbuf_done(&name);
	version_of(subscription);
}

static bool read_query(struct wef_subscriptions *subscriptions,
	const struct written_subscription *written, struct err *err)
{
	struct strbuf text = STRBUF_INIT(WEF_QUERY_MAX);
	const bool good = file_read(written->query, &text, err);

	if (good)
		build(subscriptions, written, list_of(strbuf_slice(&text)));
	strbuf_done(&text);
	return good;
}

struct wef_subscriptions *wef_subscriptions_new(
	const struct sender_settings *settings, struct err *err)
{
	struct wef_subscriptions *subscriptions = calloc(1, sizeof(*subscriptions));

	if (subscriptions == NULL)
		abort();
	atomic_init(&subscriptions->refs, 1);
	arena_init(&subscriptions->arena, TEXTS_MAX);
	subscriptions->items = allocate(
		subscriptions, (settings->subscriptions.n + 1) * sizeof(*subscriptions->items));
	for (size_t i = 0; i < settings->subscriptions.n; i++) {
		if (!read_query(subscriptions, &written_of(settings)[i], err)) {
			wef_subscriptions_unref(subscriptions);
			return NULL;
		}
	}
	return subscriptions;
}

struct wef_subscriptions *wef_subscriptions_ref(struct wef_subscriptions *subscriptions)
{
	atomic_fetch_add(&subscriptions->refs, 1);
	return subscriptions;
}

void wef_subscriptions_unref(struct wef_subscriptions *subscriptions)
{
	if (subscriptions == NULL || atomic_fetch_sub(&subscriptions->refs, 1) > 1)
		return;
	arena_done(&subscriptions->arena);
	free(subscriptions);
}

size_t wef_subscriptions_count(const struct wef_subscriptions *subscriptions)
{
	return subscriptions->n;
}

const struct wef_subscription *wef_subscription_at(
	const struct wef_subscriptions *subscriptions, size_t i)
{
	return &subscriptions->items[i];
}

const struct wef_subscription *wef_subscription_by_id(
	const struct wef_subscriptions *subscriptions, struct slice id)
{
	for (size_t i = 0; i < subscriptions->n; i++) {
		if (slice_eq_nocase(slice_str(subscriptions->items[i].id), id))
			return &subscriptions->items[i];
	}
	return NULL;
}

size_t wef_subscriptions_body_max(const struct wef_subscriptions *subscriptions)
{
	size_t most = WEF_BODY_LEAST;

	for (size_t i = 0; i < subscriptions->n; i++) {
		if (2 * subscriptions->items[i].envelope_max > most)
			most = 2 * subscriptions->items[i].envelope_max;
	}
	return most;
}

bool wef_subscription_is_for(const struct wef_subscription *subscription, const char *sender)
{
	for (size_t i = 0; i < subscription->n_senders; i++) {
		if (strcmp(subscription->senders[i], sender) == 0)
			return true;
	}
	return subscription->n_senders == 0;
}
