/*
 * A group of a blob, after those that were touched before it by the same owner:
 *
 *	at	size
 *	0	8	hash of the correlation's key and version
 *	8	16	hash of the group, low half first
 *	24	8	scope
 *	32	4	owner
 *	36	4	number of cells
 *	40	2	number of events of the evidence
 *	42	2	number of values shown
 *	44	2	bytes of group-by values
 *	46	2	1: saturated
 *	48	32	newest, first, held, events (8 each)
 *	80	...	cells: time, what, weight, event (8 each)
 *		...	evidence: event, time, hash of its rule's key and version (8 each)
 *		...	values shown: time, what (8 each), length (2), bytes
 *		...	group-by values: length (2) and bytes of each
 */
#include <stdlib.h>

#include "collector/detect/correlator/correlator_inner.h"
#include "collector/detect/correlator/window.h"
#include "common/bytes.h"
#include "common/clock.h"

enum { HEAD_SIZE = 12, GROUP_SIZE = 80, CELL_SIZE = 32, EVIDENCE_SIZE = 24, SHOWN_SIZE = 18 };

static const char magic[4] = {'S', 'C', 'R', '1'};

/* ---- writing ---------------------------------------------------------------------------- */

struct saving {
	const struct correlator *correlator;
	struct strbuf *out;
};

static void put_u16(struct strbuf *out, uint16_t value)
{
	char bytes[2];

	bytes_put_u16(bytes, value);
	strbuf_add(out, slice_of(bytes, sizeof(bytes)));
}

static void put_u32(struct strbuf *out, uint32_t value)
{
	char bytes[4];

	bytes_put_u32(bytes, value);
	strbuf_add(out, slice_of(bytes, sizeof(bytes)));
}

static void put_u64(struct strbuf *out, uint64_t value)
{
	char bytes[8];

	bytes_put_u64(bytes, value);
	strbuf_add(out, slice_of(bytes, sizeof(bytes)));
}

static void put_head(struct strbuf *out, const struct group *group, uint64_t identity)
{
	put_u64(out, identity);
	put_u64(out, group->hash.low64);
	put_u64(out, group->hash.high64);
	put_u64(out, group->scope);
	put_u32(out, group->owner);
	put_u32(out, group->n_cells);
	put_u16(out, group->n_evidence);
	put_u16(out, group->n_shown);
	put_u16(out, (uint16_t)group->texts_len);
	put_u16(out, group->saturated);
	put_u64(out, (uint64_t)group->newest_ns);
	put_u64(out, (uint64_t)group->first_ns);
	put_u64(out, (uint64_t)group->held_ns);
	put_u64(out, group->events);
}

static void put_cell(struct strbuf *out, const struct cell *cell)
{
	uint64_t weight;

	memcpy(&weight, &cell->weight, sizeof(weight));
	put_u64(out, (uint64_t)cell->time_ns);
	put_u64(out, cell->what);
	put_u64(out, weight);
	put_u64(out, cell->ref);
}

static void save_group(void *user, struct group *group)
{
	struct saving *saving = user;
	const struct routes *routes = &saving->correlator->routes;
	struct strbuf *out = saving->out;

	put_head(out, group, routes_identity(routes, group->rule));
	for (uint32_t i = 0; i < group->n_cells; i++)
		put_cell(out, &group->cells[i]);
	for (unsigned i = 0; i < group->n_evidence; i++) {
		put_u64(out, group->evidence[i].ref);
		put_u64(out, (uint64_t)group->evidence[i].time_ns);
		put_u64(out, routes_identity(routes, group->evidence[i].rule));
	}
	for (unsigned i = 0; i < group->n_shown; i++) {
		const struct shown *shown = group->shown[i];

		put_u64(out, (uint64_t)shown->time_ns);
		put_u64(out, shown->what);
		put_u16(out, shown->len);
		strbuf_add(out, slice_of(shown->text, shown->len));
	}
	strbuf_add(out, slice_of(group->texts, group->texts_len));
}

void correlator_save(struct correlator *correlator, struct strbuf *out)
{
	struct saving saving = {.correlator = correlator, .out = out};

	strbuf_add(out, slice_of(magic, sizeof(magic)));
	put_u64(out, correlator->groups.seed);
	groups_walk(&correlator->groups, save_group, &saving);
}

/* ---- reading ------------------------------------------------------------------------------
 */

/* What is wrong makes all of it bad; it then reads as zeros. */
struct reader {
	const char *at, *end;
	bool bad;
};

static const char *take(struct reader *reader, size_t n)
{
	static const char zeros[GROUP_SIZE];
	const char *at = reader->at;

	if ((size_t)(reader->end - at) < n) {
		reader->bad = true;
		reader->at = reader->end;
		return n <= sizeof(zeros) ? zeros : NULL;
	}
	reader->at += n;
	return at;
}

static int64_t time_at(struct reader *reader, const char *from)
{
	int64_t time_ns = (int64_t)bytes_get_u64(from);

	reader->bad |= time_ns != CLOCK_NONE && (time_ns < 0 || time_ns > CLOCK_FOREIGN_MAX);
	return time_ns;
}

struct entry {
	uint32_t rule;
	XXH128_hash_t hash;
	uint32_t owner, n_cells;
	uint16_t n_evidence, n_shown, texts_len;
	const char *head;
};

static struct entry read_head(struct reader *reader, const struct routes *routes)
{
	const char *head = take(reader, GROUP_SIZE);
	struct entry entry = {.rule = routes_find(routes, bytes_get_u64(head)),
		.hash = {.low64 = bytes_get_u64(head + 8), .high64 = bytes_get_u64(head + 16)},
		.owner = bytes_get_u32(head + 32),
		.n_cells = bytes_get_u32(head + 36),
		.n_evidence = bytes_get_u16(head + 40),
		.n_shown = bytes_get_u16(head + 42),
		.texts_len = bytes_get_u16(head + 44),
		.head = head};

	reader->bad |= entry.n_cells > CORRELATION_VALUES_MAX ||
		       entry.n_evidence > CONCLUSION_EVIDENCE_MAX ||
		       entry.n_shown > CONCLUSION_VALUES_MAX;
	return entry;
}

/* NULL: the rule has changed, or is a detection now; what follows is passed over. */
static struct group *begin_group(
	struct correlator *correlator, struct reader *reader, const struct entry *entry)
{
	struct group *group;

	if (reader->bad || entry->rule == ROUTES_NONE ||
		correlator->routes.rules[entry->rule].correlation == NULL)
		return NULL;
	if (groups_peek(&correlator->groups, entry->hash) != NULL) {
		reader->bad = true;
		return NULL;
	}
	group = groups_add(&correlator->groups, entry->hash, entry->owner);
	group->rule = entry->rule;
	group->scope = bytes_get_u64(entry->head + 24);
	group->saturated = bytes_get_u16(entry->head + 46) != 0;
	group->newest_ns = time_at(reader, entry->head + 48);
	group->first_ns = time_at(reader, entry->head + 56);
	group->held_ns = time_at(reader, entry->head + 64);
	group->events = bytes_get_u64(entry->head + 72);
	reader->bad |= group->newest_ns == CLOCK_NONE || group->first_ns == CLOCK_NONE;
	return group;
}

static void read_cells(struct reader *reader, struct group *group, uint32_t n, uint64_t rules)
{
	if (group != NULL) {
		group->cells_room = n;
		group->cells = calloc((size_t)n + 1, sizeof(*group->cells));
		if (group->cells == NULL)
			abort();
	}
	for (uint32_t i = 0; i < n && !reader->bad; i++) {
		const char *at = take(reader, CELL_SIZE);
		struct cell cell = {.time_ns = time_at(reader, at),
			.what = bytes_get_u64(at + 8),
			.ref = bytes_get_u64(at + 24)};

		memcpy(&cell.weight, at + 16, sizeof(cell.weight));
		reader->bad |= rules > 0 && cell.what >= rules;
		if (group != NULL)
			group->cells[group->n_cells++] = cell;
	}
}

static void read_evidence(
	struct reader *reader, struct group *group, unsigned n, const struct routes *routes)
{
	for (unsigned i = 0; i < n && !reader->bad; i++) {
		const char *at = take(reader, EVIDENCE_SIZE);
		struct conclusion_evidence one = {.ref = bytes_get_u64(at),
			.time_ns = time_at(reader, at + 8),
			.rule = routes_find(routes, bytes_get_u64(at + 16))};

		if (group != NULL)
			window_keep_evidence(group, &one);
	}
}

static void read_shown(struct reader *reader, struct group *group, unsigned n)
{
	for (unsigned i = 0; i < n && !reader->bad; i++) {
		const char *at = take(reader, SHOWN_SIZE);
		uint16_t len = bytes_get_u16(at + 16);
		const char *text = take(reader, len);

		if (group != NULL && !reader->bad)
			window_keep_shown(group, bytes_get_u64(at + 8), time_at(reader, at),
				slice_of(text, len));
	}
}

/* As many values as the rule groups by, and no byte more. */
static bool are_texts(struct slice texts, size_t n)
{
	size_t at = 0;

	while (n-- > 0) {
		size_t len = texts.len - at < 2 ? SIZE_MAX : bytes_get_u16(texts.ptr + at);

		if (len > CONCLUSION_VALUE_SIZE || texts.len - at - 2 < len)
			return false;
		at += 2 + len;
	}
	return at == texts.len;
}

static void read_texts(
	struct reader *reader, struct group *group, size_t len, const struct correlation *of)
{
	const char *texts = take(reader, len);

	if (group == NULL || of == NULL || reader->bad)
		return;
	reader->bad |= !are_texts(slice_of(texts, len), of->n_group);
	group->texts = malloc(len + 1);
	if (group->texts == NULL)
		abort();
	memcpy(group->texts, texts, len);
	group->texts_len = (uint32_t)len;
}

/* How many entries of "rules" the cells are numbers of; 0: they are no such numbers. */
static uint64_t rules_of(const struct correlation *correlation)
{
	return correlation->type == CORRELATION_TEMPORAL ||
			       correlation->type == CORRELATION_TEMPORAL_ORDERED
		       ? correlation->n_rules
		       : 0;
}

static void read_group(struct correlator *correlator, struct reader *reader)
{
	const struct entry entry = read_head(reader, &correlator->routes);
	struct group *group = begin_group(correlator, reader, &entry);
	const struct correlation *of = group ? correlation_of_group(correlator, group) : NULL;

	read_cells(reader, group, entry.n_cells, of ? rules_of(of) : 0);
	read_evidence(reader, group, entry.n_evidence, &correlator->routes);
	read_shown(reader, group, entry.n_shown);
	read_texts(reader, group, entry.texts_len, of);
	if (group != NULL)
		groups_settle(&correlator->groups, group);
}

static void drop(void *user, struct group *group)
{
	groups_drop(user, group);
}

bool correlator_load(struct correlator *correlator, struct slice blob)
{
	struct reader reader = {0};
	uint64_t seed = correlator->groups.seed;

	if (blob.len < HEAD_SIZE || memcmp(blob.ptr, magic, sizeof(magic)) != 0)
		return false;
	correlator->groups.seed = bytes_get_u64(blob.ptr + 4);
	reader.at = blob.ptr + HEAD_SIZE;
	reader.end = blob.ptr + blob.len;
	while (!reader.bad && reader.at < reader.end)
		read_group(correlator, &reader);
	if (!reader.bad)
		return true;
	groups_walk(&correlator->groups, drop, &correlator->groups);
	correlator->groups.seed = seed;
	return false;
}
