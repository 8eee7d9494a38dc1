#include "collector/normalize/headers.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "collector/normalize/text/extract.h"
#include "common/base64.h"
#include "common/counter.h"
#include "common/file.h"
#include "common/log.h"

static struct counter forgotten = COUNTER("normalize.headers_forgotten",
	"heads of sources forgotten for those of others; their lines are read by their shape");
static struct counter too_long = COUNTER(
	"normalize.headers_too_long", "heads of sources longer than are kept; likewise");
static struct counter damaged = COUNTER("normalize.headers_damaged",
	"heads of sources that the file carried over a restart damaged; likewise");

enum {
	SETS = HEADERS_MAX / HEADERS_PER_SET,
	FILE_LINE_MAX = 2 * HEADER_BYTES_MAX,
	FILE_MAX = HEADERS_MAX * FILE_LINE_MAX,
};

struct known {
	uint32_t agency, host;
	uint64_t source; /* 0: the place is free */
	uint64_t epoch, sequence;
	uint64_t used; /* the least goes */
	const struct parser *parser;
	char *text;
	size_t len;
};

struct headers {
	atomic_uint n;        /* places in use */
	pthread_mutex_t lock; /* of all below */
	bool changed;         /* since it was saved */
	uint64_t uses;
	struct known known[HEADERS_MAX]; /* sets of HEADERS_PER_SET */
};

struct headers *headers_new(void)
{
	struct headers *headers = calloc(1, sizeof(*headers));

	if (headers == NULL)
		abort();
	pthread_mutex_init(&headers->lock, NULL);
	return headers;
}

void headers_free(struct headers *headers)
{
	if (headers == NULL)
		return;
	for (unsigned i = 0; i < HEADERS_MAX; i++)
		free(headers->known[i].text);
	pthread_mutex_destroy(&headers->lock);
	free(headers);
}

/* ---- of all sources ------------------------------------------------------------------------
 */

static uint64_t mixed(uint64_t a, uint64_t b)
{
	uint64_t hash = (a ^ b) * UINT64_C(0x9e3779b97f4a7c15);

	return hash ^ hash >> 29;
}

static struct known *set_of(struct headers *headers, uint32_t agency, uint32_t host)
{
	return &headers->known[mixed(agency, host) % SETS * HEADERS_PER_SET];
}

/* The place of a source; NULL when nothing is known of it. */
static struct known *find(
	struct headers *headers, uint32_t agency, uint32_t host, uint64_t source)
{
	struct known *set = set_of(headers, agency, host);

	for (unsigned i = 0; i < HEADERS_PER_SET; i++) {
		if (set[i].source == source && set[i].agency == agency && set[i].host == host)
			return &set[i];
	}
	return NULL;
}

static void forget(struct headers *headers, struct known *known)
{
	if (known->source == 0)
		return;
	free(known->text);
	known->text = NULL;
	*known = (struct known){.source = 0};
	atomic_fetch_sub(&headers->n, 1);
	headers->changed = true;
}

static bool is_of(const struct known *known, uint32_t agency, uint32_t host)
{
	return known->source != 0 && known->agency == agency && known->host == host;
}

/* The places of a set that one host has. */
static unsigned count_of(const struct known *set, uint32_t agency, uint32_t host)
{
	unsigned n = 0;

	for (unsigned i = 0; i < HEADERS_PER_SET; i++)
		n += is_of(&set[i], agency, host);
	return n;
}

/* The place that a new one of the host takes: a free one; the one unused the longest of the
 * host that has the most, which is this one where it would have the most. */
static struct known *least_due(struct known *set, uint32_t agency, uint32_t host)
{
	const unsigned own = count_of(set, agency, host);
	struct known *found = &set[0];
	unsigned most = 0;

	for (unsigned i = 0; i < HEADERS_PER_SET; i++) {
		if (set[i].source == 0)
			return &set[i];
		const bool is_own = is_of(&set[i], agency, host);
		const unsigned n = is_own ? own + 1 : count_of(set, set[i].agency, set[i].host);
		if (n > most || (n == most && set[i].used < found->used)) {
			found = &set[i];
			most = n;
		}
	}
	return found;
}

static struct known *place_for(
	struct headers *headers, uint32_t agency, uint32_t host, uint64_t source)
{
	struct known *known = find(headers, agency, host, source);

	if (known != NULL)
		return known;
	known = least_due(set_of(headers, agency, host), agency, host);
	if (known->source != 0)
		counter_add(&forgotten, 1);
	forget(headers, known);
	*known = (struct known){.agency = agency, .host = host, .source = source};
	atomic_fetch_add(&headers->n, 1);
	return known;
}

static void set_text(
	struct headers *headers, struct known *known, const struct source_header *header)
{
	struct slice text = header->text;

	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): what forget() freed, it took out */
	if (known->parser == header->parser &&
		slice_eq(slice_of(known->text, known->len), text))
		return;
	free(known->text);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	known->text = malloc(text.len + 1);
	if (known->text == NULL)
		abort();
	if (text.len > 0)
		memcpy(known->text, text.ptr, text.len);
	known->len = text.len;
	known->parser = header->parser;
	headers->changed = true;
}

/* What a source's lines told last; with none it is forgotten. */
static void keep(struct headers *headers, const struct header_view *view, uint64_t epoch)
{
	if (view->header.parser == NULL) {
		struct known *known = find(headers, view->agency, view->host, view->source);
		if (known != NULL)
			forget(headers, known);
		return;
	}
	struct known *known = place_for(headers, view->agency, view->host, view->source);
	known->epoch = epoch;
	known->sequence = view->sequence;
	known->used = ++headers->uses;
	set_text(headers, known, &view->header);
}

/* Copied into the arena: the place may be another's a moment later. */
static void look_up(
	struct headers *headers, struct header_scope *scope, struct header_view *view)
{
	pthread_mutex_lock(&headers->lock);
	struct known *known = find(headers, view->agency, view->host, view->source);
	if (known != NULL) {
		view->header.text = arena_copy(scope->arena, slice_of(known->text, known->len));
		if (!slice_absent(view->header.text))
			view->header.parser = known->parser;
		view->sequence = known->epoch == scope->epoch ? known->sequence : 0;
		known->used = ++headers->uses;
	}
	pthread_mutex_unlock(&headers->lock);
}

/* ---- of a batch -----------------------------------------------------------------------------
 */

static uint64_t hash_on(uint64_t hash, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
	return (hash ^ 0xff) * UINT64_C(1099511628211); /* its end: no byte of UTF-8 */
}

static uint64_t hash_of(const struct record_source *source)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	return source == NULL ? hash : hash_on(hash_on(hash, source->input), source->name);
}

static void name_source(struct header_scope *scope, const struct record *record)
{
	if (scope->named == 0 || scope->last != record->source) {
		scope->last = record->source;
		scope->named = hash_of(record->source) | 1;
	}
}

static uint64_t source_of(
	struct header_scope *scope, const struct record *record, unsigned depth)
{
	if (depth > 0)
		return scope->inside;
	name_source(scope, record);
	return scope->named;
}

void header_scope_enter(
	struct header_scope *scope, const struct record *record, struct slice agent)
{
	static const enum field_id ids[] = {
		FIELD_LOG_FILE_PATH, FIELD_HOST_NAME, FIELD_CONTAINER_NAME};

	name_source(scope, record);
	scope->inside = hash_on(scope->named, agent);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		scope->inside = hash_on(scope->inside, record_get(record, ids[i]));
	scope->inside |= 1;
}

void header_scope_begin(struct header_scope *scope, struct headers *headers,
	struct arena *arena, uint64_t epoch)
{
	scope->headers = headers;
	scope->arena = arena;
	scope->epoch = epoch;
	scope->named = 0;
	scope->used = 0;
}

static void settle(struct header_scope *scope, struct header_view *view)
{
	if (scope->headers == NULL || !view->changed)
		return;
	pthread_mutex_lock(&scope->headers->lock);
	keep(scope->headers, view, scope->epoch);
	pthread_mutex_unlock(&scope->headers->lock);
	view->changed = false;
}

void header_scope_end(struct header_scope *scope)
{
	for (unsigned i = 0; scope->used != 0; i++, scope->used >>= 1) {
		if (scope->used & 1)
			settle(scope, &scope->views[i]);
	}
}

static struct header_view *view_of(
	struct header_scope *scope, const struct record *record, unsigned depth)
{
	uint64_t source = source_of(scope, record, depth);
	uint64_t at = mixed(source, mixed(record->agency, record->host)) % HEADER_VIEWS;
	struct header_view *view = &scope->views[at];
	bool used = scope->used >> at & 1;

	if (used && view->source == source && view->agency == record->agency &&
		view->host == record->host)
		return view;
	if (used)
		settle(scope, view);
	*view = (struct header_view){
		.agency = record->agency, .host = record->host, .source = source};
	scope->used |= UINT64_C(1) << at;
	if (scope->headers != NULL && atomic_load(&scope->headers->n) > 0)
		look_up(scope->headers, scope, view);
	return view;
}

struct source_header header_scope_find(
	struct header_scope *scope, const struct record *record, unsigned depth)
{
	struct header_view *view = view_of(scope, record, depth);

	if (view->sequence != 0 && record->sequence <= view->sequence)
		return (struct source_header){.parser = NULL};
	return view->header;
}

void header_scope_keep(struct header_scope *scope, const struct record *record, unsigned depth,
	const struct source_header *header)
{
	struct header_view *view = view_of(scope, record, depth);

	/* Every line behind it would read it anew: what is too long must not stay for a batch.
	 */
	view->header = (struct source_header){.parser = NULL};
	if (header->text.len <= HEADER_BYTES_MAX)
		view->header = *header;
	else
		counter_add(&too_long, 1);
	view->sequence = record->sequence;
	view->changed = true;
}

/* ---- over a restart -------------------------------------------------------------------------
 *
 *	AGENCY HOST SOURCE EPOCH SEQUENCE PARSER TEXT
 *
 * in decimal, the parser by its name, the text in base64; the least used first.
 */

static void write_known(struct strbuf *out, const struct known *known)
{
	strbuf_addf(out, "%" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s ",
		known->agency, known->host, known->source, known->epoch, known->sequence,
		known->parser->name);
	base64_add(out, BASE64_URL, slice_of(known->text, known->len));
	strbuf_add_byte(out, '\n');
}

bool headers_save(struct headers *headers, const char *path, struct err *err)
{
	struct strbuf out = STRBUF_INIT(FILE_MAX);

	pthread_mutex_lock(&headers->lock);
	bool changed = headers->changed;
	headers->changed = false;
	for (unsigned i = 0; changed && i < HEADERS_MAX; i++) {
		if (headers->known[i].source != 0)
			write_known(&out, &headers->known[i]);
	}
	pthread_mutex_unlock(&headers->lock);
	bool ok =
		!changed || (out.overflow ? err_set(err, "%s: more than it may hold", path)
					  : file_replace(path, strbuf_slice(&out), 0600, err));
	strbuf_done(&out);
	if (ok)
		return true;
	pthread_mutex_lock(&headers->lock);
	headers->changed = true; /* the next time */
	pthread_mutex_unlock(&headers->lock);
	return false;
}

static bool take_number(struct slice *rest, uint64_t max, uint64_t *number)
{
	struct slice word;

	return slice_cut(rest, ' ', &word) && slice_to_u64(word, max, number);
}

static bool read_known(
	struct slice line, struct header_view *view, uint64_t *epoch, struct strbuf *text)
{
	uint64_t agency, host;
	struct slice name;

	if (!take_number(&line, UINT32_MAX, &agency) ||
		!take_number(&line, UINT32_MAX, &host) ||
		!take_number(&line, UINT64_MAX, &view->source) ||
		!take_number(&line, UINT64_MAX, epoch) ||
		!take_number(&line, UINT64_MAX, &view->sequence) ||
		!slice_cut(&line, ' ', &name) || slice_absent(line))
		return false;
	view->agency = (uint32_t)agency;
	view->host = (uint32_t)host;
	view->header.parser = parser_by_name(name);
	strbuf_reset(text);
	if (view->source == 0 || view->header.parser == NULL ||
		!base64_read(text, BASE64_URL, line))
		return false;
	view->header.text = strbuf_slice(text);
	return true;
}

void headers_load(struct headers *headers, const char *path)
{
	struct strbuf file = STRBUF_INIT(FILE_MAX), text = STRBUF_INIT(HEADER_BYTES_MAX);
	struct err err;
	struct slice rest, line;

	if (!file_read(path, &file, &err)) {
		strbuf_done(&file);
		return; /* the first start, or nothing was ever told */
	}
	rest = strbuf_slice(&file);
	pthread_mutex_lock(&headers->lock);
	while (slice_cut(&rest, '\n', &line)) {
		struct header_view view = {.source = 0};
		uint64_t epoch;

		if (line.len == 0)
			continue;
		if (read_known(line, &view, &epoch, &text))
			keep(headers, &view, epoch);
		else
			counter_add(&damaged, 1);
	}
	headers->changed = false;
	pthread_mutex_unlock(&headers->lock);
	strbuf_done(&text);
	strbuf_done(&file);
}
