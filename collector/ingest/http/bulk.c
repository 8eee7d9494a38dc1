#include "collector/ingest/http/bulk.h"

#include <assert.h>
#include <stdlib.h>
#include <yyjson.h>

enum { POOL_SIZE = 64 << 10 }; /* for the JSON of an action */

struct bulk {
	struct bulk_run *runs;
	size_t n_runs, runs_room;
	struct strbuf indexes[BULK_INDEXES_MAX]; /* the first is "" */
	unsigned n_indexes;
	unsigned path_index;
	bool has_errors;

	bool waits; /* for the document of this action: */
	enum bulk_action action;
	unsigned index;
	uint64_t line;

	struct strbuf last; /* an action's line that is known: clients repeat them */
	enum bulk_action last_action;
	unsigned last_index;
	char pool[POOL_SIZE];
};

/* ---- names of indexes --------------------------------------------------------------- */

static unsigned number_index(struct bulk *bulk, struct slice name)
{
	for (unsigned i = 0; i < bulk->n_indexes; i++) {
		if (slice_eq(strbuf_slice(&bulk->indexes[i]), name))
			return i;
	}
	if (bulk->n_indexes == BULK_INDEXES_MAX || name.len > BULK_INDEX_MAX)
		return 0;
	strbuf_init(&bulk->indexes[bulk->n_indexes], BULK_INDEX_MAX);
	strbuf_add(&bulk->indexes[bulk->n_indexes], name);
	return bulk->n_indexes++;
}

struct slice bulk_index_name(const struct bulk *bulk, unsigned index)
{
	return strbuf_slice(&bulk->indexes[index]);
}

struct bulk *bulk_new(struct slice index)
{
	struct bulk *bulk = calloc(1, sizeof(*bulk));

	if (bulk == NULL)
		abort();
	strbuf_init(&bulk->last, BULK_ACTION_MAX);
	(void)number_index(bulk, SLICE_LIT(""));
	if (!slice_absent(index))
		bulk->path_index = number_index(bulk, index);
	return bulk;
}

void bulk_free(struct bulk *bulk)
{
	if (bulk == NULL)
		return;
	for (unsigned i = 0; i < bulk->n_indexes; i++)
		strbuf_done(&bulk->indexes[i]);
	strbuf_done(&bulk->last);
	free(bulk->runs);
	free(bulk);
}

/* ---- what became of them ------------------------------------------------------------- */

static bool add_run(struct bulk *bulk, const struct bulk_run *run)
{
	if (bulk->n_runs == BULK_RUNS_MAX)
		return false;
	if (bulk->n_runs == bulk->runs_room) {
		bulk->runs_room = bulk->runs_room > 0 ? 2 * bulk->runs_room : 16;
		bulk->runs = reallocarray(bulk->runs, bulk->runs_room, sizeof(*bulk->runs));
		if (bulk->runs == NULL)
			abort();
	}
	assert(bulk->runs != NULL);
	bulk->runs[bulk->n_runs++] = *run;
	return true;
}

static enum bulk_took note(struct bulk *bulk, enum bulk_outcome outcome, enum bulk_took took)
{
	const struct bulk_run one = {
		(uint8_t)bulk->action, (uint8_t)outcome, (uint16_t)bulk->index, 1};
	struct bulk_run *run = bulk->n_runs > 0 ? &bulk->runs[bulk->n_runs - 1] : NULL;

	bulk->waits = false;
	bulk->has_errors |= outcome != BULK_STORED;
	if (run != NULL && run->action == one.action && run->outcome == one.outcome &&
		run->index == one.index) {
		run->count++;
		return took;
	}
	return add_run(bulk, &one) ? took : BULK_TOO_MANY;
}

const struct bulk_run *bulk_runs(const struct bulk *bulk, size_t *n)
{
	*n = bulk->n_runs;
	return bulk->runs;
}

bool bulk_has_errors(const struct bulk *bulk)
{
	return bulk->has_errors;
}

/* ---- actions -------------------------------------------------------------------------- */

static bool find_action(const char *name, enum bulk_action *action)
{
	static const char *const names[] = {"index", "create", "update", "delete"};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*action = (enum bulk_action)i;
			return true;
		}
	}
	return false;
}

static bool read_action(struct bulk *bulk, yyjson_val *root)
{
	yyjson_obj_iter iter;

	if (!yyjson_obj_iter_init(root, &iter) || yyjson_obj_size(root) != 1)
		return false;
	yyjson_val *key = yyjson_obj_iter_next(&iter);
	yyjson_val *facts = yyjson_obj_iter_get_val(key);
	if (!find_action(yyjson_get_str(key), &bulk->last_action) || !yyjson_is_obj(facts))
		return false;
	yyjson_val *index = yyjson_obj_get(facts, "_index");
	bulk->last_index = yyjson_is_str(index)
				   ? number_index(bulk, slice_of(yyjson_get_str(index),
								yyjson_get_len(index)))
				   : bulk->path_index;
	return true;
}

/* Into `last`. */
static bool parse_action(struct bulk *bulk, struct slice line)
{
	yyjson_alc memory;

	strbuf_reset(&bulk->last);
	if (line.len > BULK_ACTION_MAX ||
		!yyjson_alc_pool_init(&memory, bulk->pool, sizeof(bulk->pool)))
		return false;
	yyjson_doc *doc = yyjson_read_opts(
		(char *)(uintptr_t)line.ptr, line.len, YYJSON_READ_NOFLAG, &memory, NULL);
	if (!read_action(bulk, yyjson_doc_get_root(doc)))
		return false;
	strbuf_add(&bulk->last, line);
	return true;
}

static enum bulk_took take_action(struct bulk *bulk, const struct http_item *item)
{
	const bool is_known = bulk->last.len > 0 && item->whole == item->bytes.len &&
			      slice_eq(strbuf_slice(&bulk->last), item->bytes);

	if (!is_known && (item->whole > item->bytes.len || !parse_action(bulk, item->bytes)))
		return BULK_NO_ACTION;
	bulk->action = bulk->last_action;
	bulk->index = bulk->last_index;
	bulk->line = item->number;
	if (bulk->action == BULK_DELETE)
		return note(bulk, BULK_REFUSED, BULK_TOOK);
	bulk->waits = true;
	return BULK_TOOK;
}

static enum bulk_took take_document(struct bulk *bulk, const struct http_item *item)
{
	if (bulk->action == BULK_UPDATE)
		return note(bulk, BULK_REFUSED, BULK_TOOK);
	if (item->whole > item->bytes.len)
		return note(bulk, BULK_TOO_LONG, BULK_TOOK);
	return note(bulk, BULK_STORED, BULK_DOCUMENT);
}

enum bulk_took bulk_take(struct bulk *bulk, const struct http_item *item)
{
	if (bulk->waits && item->number == bulk->line + 1)
		return take_document(bulk, item);
	/* The line of its document was empty; this one is an action again. */
	if (bulk->waits && note(bulk, BULK_EMPTY, BULK_TOOK) != BULK_TOOK)
		return BULK_TOO_MANY;
	return take_action(bulk, item);
}

bool bulk_is_whole(const struct bulk *bulk)
{
	return !bulk->waits;
}
